"""A card behind pyscard, one line at a time: APDU in hexadecimal in, answer in hexadecimal out, `!` and a reason for none.

pyscard-bridge.py READER exclusive|shared
"""

import sys

from smartcard.ExclusiveConnectCardConnection import ExclusiveConnectCardConnection
from smartcard.System import readers
from smartcard.util import toBytes


def main(name: str, mode: str) -> None:
    reader = next(reader for reader in readers() if str(reader) == name)
    connection = reader.createConnection()
    if mode == "exclusive":
        connection = ExclusiveConnectCardConnection(connection)
    try:
        connection.connect()
    except Exception as error:
        print(f"!{error}", flush=True)
        return
    print(bytes(connection.getATR()).hex().upper(), flush=True)
    for line in sys.stdin:
        try:
            if line.strip() == "reset":
                # Without power for a moment, as it leaves a card.
                connection.disconnect()
                connection.connect()
                print(bytes(connection.getATR()).hex().upper(), flush=True)
                continue
            # The component below the decorator: pyscard's own does not fetch what 61XX announces, and neither does this.
            data, sw1, sw2 = connection.transmit(toBytes(line.strip()))
            print(bytes([*data, sw1, sw2]).hex().upper(), flush=True)
        except Exception as error:  # whatever it is, the other side has to hear of it
            print(f"!{error}", flush=True)
    connection.disconnect()


main(*sys.argv[1:])

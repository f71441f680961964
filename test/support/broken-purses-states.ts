/** Faults of an e-purse card: what a transaction writes, the state machine, and what a cut of power leaves behind. */
import type { BrokenPurse } from './broken-purse.js'

export const ENTRY_FAULTS: readonly BrokenPurse[] = [
  {
    name: 'locks with the same serial again',
    file: 'purse-grey-lock.ts',
    find: '/offlineSerial`, transaction.serial + 1)',
    replace: '/offlineSerial`, transaction.serial)',
    caughtBy: '4.3.1-4',
  },
  {
    name: 'counts a serial up by two',
    file: 'purse-initialize.ts',
    find: 'serial + 1)',
    replace: 'serial + 2)',
    caughtBy: '4.2.1-1',
  },
  {
    name: 'changes the balance, and logs nothing',
    file: 'purse-initialize.ts',
    find: 'logTransaction(memory, { serial, limit: limitOf(memory, purse), amount, type, terminal, date, time })',
    replace: '',
    caughtBy: '4.2.4-1',
  },
  {
    name: 'logs the serial after',
    file: 'purse-initialize.ts',
    find: 'logTransaction(memory, { serial,',
    replace: 'logTransaction(memory, { serial: serial + 1,',
    caughtBy: '4.2.3-1',
  },
  {
    name: 'logs the oldest transaction first',
    file: 'purse-log.ts',
    find: 'concat(record, memory.read(LOG_FILE))',
    replace: 'concat(memory.read(LOG_FILE), record)',
    caughtBy: '4.2.4-2',
  },
  {
    name: 'proves every transaction as a purchase',
    file: 'purse-initialize.ts',
    find: 'keepProof(memory, { type, serial,',
    replace: 'keepProof(memory, { type: 6, serial,',
    caughtBy: '4.2.2-6',
  },
  {
    name: 'proves a transaction of any serial',
    file: 'purse-proof.ts',
    find: 'proof.length === 0 || numberOf(proof.subarray(0, SERIAL)) !== numberOf(data)',
    replace: 'proof.length === 0',
    caughtBy: '4.2.7-3',
  },
  {
    name: 'writes records of a composite purchase before its debit',
    file: 'purse-capp.ts',
    find: 'transaction.cache.set(name, record.slice())',
    replace: 'memory.write(name, record.slice())',
    caughtBy: '4.3.1-2',
  },
  {
    name: 'writes the last record alone of a composite purchase',
    file: 'purse-capp.ts',
    find: 'for (const [name, record] of cache)',
    replace: 'for (const [name, record] of [...cache].slice(-1))',
    caughtBy: '4.3.2-1',
  },
  {
    name: 'writes records whose application is locked',
    file: 'purse-capp.ts',
    find: "if ((stored[LOCK] ?? 0) !== 0) return { status: '6985' }",
    replace: '',
    caughtBy: '4.3.2-5',
  },
  {
    name: 'takes a composite purchase for a purchase',
    file: 'purse-purchase.ts',
    find: "if (state === 'capp') return CAPP_TYPE",
    replace: '',
    caughtBy: '4.3.1-1',
  },
]

export const STATE_FAULTS: readonly BrokenPurse[] = [
  {
    name: 'goes on behind a reset where it was',
    file: 'purse-card.ts',
    find: 'reset: () => enter(session, -1)',
    replace: 'reset: () => undefined',
    caughtBy: '5-6',
  },
  {
    name: 'completes a transaction twice',
    file: 'purse-initialize.ts',
    find: '  } finally {\n    endTransaction(session)\n  }',
    replace: '  } finally {\n  }',
    caughtBy: '5-2',
  },
  {
    name: 'waits on behind a completion that it refused',
    file: 'purse-initialize.ts',
    find: "? complete(transaction) : { status: '6901' }\n  } finally {\n    endTransaction(session)\n  }",
    replace:
      "? ended(complete(transaction)) : ended({ status: '6901' })\n  } finally {\n  }\n  function ended(answer) {\n    if (answer.status !== '9302') endTransaction(session)\n    return answer\n  }",
    caughtBy: '5-3',
  },
  {
    name: 'goes on with a transaction behind any other command',
    file: 'purse-card.ts',
    find: "if (effect !== 'keeps' && (typeof row === 'string' || !goesOn)) endTransaction(session)",
    replace: '',
    caughtBy: '5-5',
  },
  {
    name: 'ends a transaction by GET BALANCE',
    file: 'purse-table.ts',
    find: "mf: '9403', transaction: 'keeps'",
    replace: "mf: '9403', transaction: 'ends'",
    caughtBy: '5-5',
  },
  {
    name: 'answers a completion out of state with another status',
    file: 'purse-initialize.ts',
    find: "complete(transaction) : { status: '6901' }",
    replace: "complete(transaction) : { status: '6985' }",
    caughtBy: '4.2.1-5',
  },
  {
    name: 'forgets the PIN with every transaction',
    file: 'purse-initialize.ts',
    find: "config.switches.pinFlagAfterTransaction === 'clear'",
    replace: 'true',
    caughtBy: '4.1.4-7a',
  },
]

export const MEMORY_FAULTS: readonly BrokenPurse[] = [
  {
    name: 'answers before its effects last',
    file: 'virtual-card.ts',
    find: 'const said = processor.process(command)\n    memory.commit()',
    replace: 'memory.commit()\n    const said = processor.process(command)',
    caughtBy: '4.2.7-2',
  },
  {
    name: 'makes the balance last before the serial',
    file: 'purse-initialize.ts',
    find: '/balance`, balance)',
    replace: '/balance`, balance)\n  memory.commit()',
    caughtBy: '8.2.11-1',
  },
  {
    name: 'makes the money last before the log',
    file: 'purse-initialize.ts',
    find: '  logTransaction(memory, {',
    replace: '  memory.commit()\n  logTransaction(memory, {',
    caughtBy: '8.2.9-1',
  },
  {
    name: 'makes everything last before the proof',
    file: 'purse-initialize.ts',
    find: '  keepProof(memory, {',
    replace: '  memory.commit()\n  keepProof(memory, {',
    caughtBy: '8.2.9-1',
  },
  {
    name: 'makes the limit last before the balance',
    file: 'purse-overdraft.ts',
    find: "memory.write('ed/limit', limit)",
    replace: "memory.write('ed/limit', limit)\n      memory.commit()",
    caughtBy: '8.2.11-1',
  },
  {
    name: 'releases a grey lock before it takes the money',
    file: 'purse-grey-unlock.ts',
    find: "memory.write('grey', NOTHING)\n    const transaction",
    replace: "memory.write('grey', NOTHING)\n    memory.commit()\n    const transaction",
    caughtBy: '8.2.10-1',
  },
  {
    name: 'makes each record of a composite purchase last for itself',
    file: 'purse-capp.ts',
    find: 'of cache) memory.write(name, record)',
    replace: 'of cache) { memory.write(name, record); memory.commit() }',
    caughtBy: '8.2.12-1',
  },
  {
    name: 'does not end a commit that was cut off',
    file: 'memory.ts',
    find: 'this.rollback()\n    this.#apply()\n  }\n\n  /** Arms',
    replace: 'this.rollback()\n  }\n\n  /** Arms',
    caughtBy: '8.2.9-1',
  },
  {
    name: 'clears the journal before its values are written',
    file: 'memory.ts',
    find: 'for (let at = 0; at < length; ) {',
    replace: 'this.#cells.write(0, new Uint8Array(HEAD))\n    for (let at = 0; at < length; ) {',
    caughtBy: '8.2.9-1',
  },
  {
    name: 'loses the journal when power goes while it recovers',
    file: 'memory.ts',
    find: 'this.rollback()\n    this.#apply()\n  }\n\n  /** Arms',
    replace:
      'this.rollback()\n    const head = this.#cells.read(0, HEAD)\n    this.#cells.write(0, new Uint8Array(HEAD))\n    this.#cells.write(0, head)\n    this.#apply()\n  }\n\n  /** Arms',
    caughtBy: '8.2.9-1',
  },
]

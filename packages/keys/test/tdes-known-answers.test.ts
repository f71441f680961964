/** What standards print: single DES, three-key TDES, modes, MACs, weak keys. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  decryptBlocks,
  decryptCbc,
  desSchedule,
  encryptBlocks,
  encryptCbc,
  macAlgorithm1Into,
  macAlgorithm3Into,
} from '../src/tdes.js'
import type { TdesSchedule } from '../src/tdes-schedule.js'
import { coded } from './support/errors.js'

const K1 = '0123456789ABCDEF'
const K2 = 'FEDCBA9876543210'
const KEY = fromHex(K1 + K2)
const TEXT = new TextEncoder().encode('Now is the time for all ')

/** Key, plain and enciphered block. NIST SP 800-17, appendices A and B (the last tables whole, of the others a part). */
const SINGLE = `
  variable plaintext
  0101010101010101 8000000000000000 95F8A5E5DD31D900
  0101010101010101 4000000000000000 DD7F121CA5015619
  0101010101010101 2000000000000000 2E8653104F3834EA
  0101010101010101 1000000000000000 4BD388FF6CD81D4F
  0101010101010101 0800000000000000 20B9E767B2FB1456
  0101010101010101 0400000000000000 55579380D77138EF
  0101010101010101 0200000000000000 6CC5DEFAAF04512F
  0101010101010101 0100000000000000 0D9F279BA5D87260
  0101010101010101 0080000000000000 D9031B0271BD5A0A
  0101010101010101 0000000000000001 166B40B44ABA4BD6
  variable key
  8001010101010101 0000000000000000 95A8D72813DAA94D
  4001010101010101 0000000000000000 0EEC1487DD8C26D5
  2001010101010101 0000000000000000 7AD16FFB79C45926
  1001010101010101 0000000000000000 D3746294CA6A6CF3
  0801010101010101 0000000000000000 809F5F873C1FD761
  0401010101010101 0000000000000000 C02FAFFEC989D1FC
  0201010101010101 0000000000000000 4615AA1D33E72F10
  0180010101010101 0000000000000000 2055123350C00858
  0101010101010102 0000000000000000 869EFD7F9F265A09
  permutation operation
  1046913489980131 0000000000000000 88D55E54F54C97B4
  1007103489988020 0000000000000000 0C0CC00C83EA48FD
  10071034C8980120 0000000000000000 83BC8EF3A6570183
  1046103489988020 0000000000000000 DF725DCAD94EA2E9
  1086911519190101 0000000000000000 E652B53B550BE8B0
  substitution table
  7CA110454A1A6E57 01A1D6D039776742 690F5B0D9A26939B
  0131D9619DC1376E 5CD54CA83DEF57DA 7A389D10354BD271
  07A1133E4A0B2686 0248D43806F67172 868EBB51CAB4599A
  3849674C2602319E 51454B582DDF440A 7178876E01F19B2A
  04B915BA43FEB5B6 42FD443059577FA2 AF37FB421F8C4095
  0113B970FD34F2CE 059B5E0851CF143A 86A560F10EC6D85B
  0170F175468FB5E6 0756D8E0774761D2 0CD3DA020021DC09
  43297FAD38E373FE 762514B829BF486A EA676B2CB7DB2B7A
  07A7137045DA2A16 3BDD119049372802 DFD64A815CAF1A0F
  04689104C2FD3B2F 26955F6835AF609A 5C513C9C4886C088
  37D06BB516CB7546 164D5E404F275232 0A2AEEAE3FF4AB77
  1F08260D1AC2465E 6B056E18759F5CCA EF1BF03E5DFA575A
  584023641ABA6176 004BD6EF09176062 88BF0DB6D70DEE56
  025816164629B007 480D39006EE762F2 A1F9915541020B56
  49793EBC79B3258F 437540C8698F3CFA 6FBF1CAFCFFD0556
  4FB05E1515AB73A7 072D43A077075292 2F22E49BAB7CA1AC
  49E95D6D4CA229BF 02FE55778117F12A 5A6B612CC26CCE4A
  018310DC409B26D6 1D9D5C5018F728C2 5F4C038ED12B2E41
  1C587F1C13924FEF 305532286D6F295A 63FAC0D034D9F793`
  .split('\n')
  .map((line) => line.trim().split(' '))
  .filter((cells): cells is [string, string, string] => cells.length === 3 && cells[0]?.length === 16)

/** NIST SP 800-67 revision 1, appendix B: three keys. */
const TRIPLE_KEY = '0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123'
const TRIPLE = [
  [TRIPLE_KEY, '5468652071756663', 'A826FD8CE53B855F'],
  [TRIPLE_KEY, '6B2062726F776E20', 'CCE21C8112256FE6'],
  [TRIPLE_KEY, '666F78206A756D70', '68D5C05DD9B6B900'],
] as const

function run(operation: typeof encryptBlocks, schedule: TdesSchedule, data: Uint8Array): string {
  const output = new Uint8Array(data.length)
  operation(schedule, data, 0, output, 0, data.length)
  return toHex(output)
}

describe('known answers', () => {
  it('are all there', () => expect(SINGLE).toHaveLength(43))

  it.each([...SINGLE, ...TRIPLE])('%s: %s -> %s', (key, plain, enciphered) => {
    const schedule = desSchedule(fromHex(key))
    expect(run(encryptBlocks, schedule, fromHex(plain))).toBe(enciphered)
    expect(run(decryptBlocks, schedule, fromHex(enciphered))).toBe(plain)
  })

  it('ECB and CBC of FIPS 81, tables B1 and C1', () => {
    const schedule = desSchedule(fromHex(K1))
    const iv = fromHex('1234567890ABCDEF')
    expect(run(encryptBlocks, schedule, TEXT)).toBe('3FA40E8A984D48156A271787AB8883F9893D51EC4B563B53')
    const output = new Uint8Array(24)
    encryptCbc(schedule, iv, TEXT, 0, output, 0, 24)
    expect(toHex(output)).toBe('E5C7CDDE872BF27C43E934008C389C0F683788499A7C05F6')
    decryptCbc(schedule, iv, output, 0, output, 0, 24)
    expect(output).toEqual(TEXT)
    expect(toHex(iv)).toBe('1234567890ABCDEF')
  })

  // The four weak keys of FIPS 74 are their own inverse; 01FE.. and FE01.. are each other's.
  it.each([
    ['0101010101010101', '0101010101010101'],
    ['FEFEFEFEFEFEFEFE', 'FEFEFEFEFEFEFEFE'],
    ['E0E0E0E0F1F1F1F1', 'E0E0E0E0F1F1F1F1'],
    ['1F1F1F1F0E0E0E0E', '1F1F1F1F0E0E0E0E'],
    ['01FE01FE01FE01FE', 'FE01FE01FE01FE01'],
    ['1FE01FE00EF10EF1', 'E01FE01FF10EF10E'],
  ])('the weak keys %s and %s undo each other', (first, second) => {
    const once = run(encryptBlocks, desSchedule(fromHex(first)), TEXT)
    expect(once).not.toBe(toHex(TEXT))
    expect(run(encryptBlocks, desSchedule(fromHex(second)), fromHex(once))).toBe(toHex(TEXT))
  })

  it('parity bits make no difference, any other bit does', () => {
    const answer = run(encryptBlocks, desSchedule(KEY), TEXT)
    for (let bit = 0; bit < 128; bit++) {
      const changed = KEY.with(bit >> 3, (KEY[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
      expect(run(encryptBlocks, desSchedule(changed), TEXT) === answer).toBe((bit & 7) === 0)
    }
  })
})

describe('MACs', () => {
  const mac = (operation: typeof macAlgorithm1Into, key: string, data: Uint8Array, padding?: 1 | 2): string => {
    const output = new Uint8Array(8)
    operation(desSchedule(fromHex(key)), data, 0, data.length, output, 0, padding)
    return toHex(output)
  }

  // ISO/IEC 9797-1, annex B; FIPS 113, appendix 2; the last one from the documentation of pyemv.
  it.each([
    ['algorithm 1, padding 1', macAlgorithm1Into, K1, toHex(TEXT), 1, '70A30640CC76DD8B'],
    ['algorithm 1, padding 2', macAlgorithm1Into, K1, toHex(TEXT), 2, '10E1F0F108341B6D'],
    ['algorithm 3, padding 1', macAlgorithm3Into, K1 + K2, toHex(TEXT), 1, 'A1C72E74EA3FA9B6'],
    ['algorithm 3, padding 2', macAlgorithm3Into, K1 + K2, toHex(TEXT), 2, 'E9086230CA3BE796'],
    [
      'FIPS 113',
      macAlgorithm1Into,
      K1,
      toHex(new TextEncoder().encode('7654321 Now is the time for ')),
      1,
      'F1D30F6849312CA4',
    ],
    ['a command', macAlgorithm3Into, K1 + K2, '8424000008FFFF1234567890123456', undefined, 'E07B8DF1B4184282'],
  ] as const)('%s', (_, operation, key, data, padding, expected) => {
    expect(mac(operation, key, fromHex(data), padding)).toBe(expected)
  })

  it('algorithm 3 needs a TDES key', () =>
    expect(() => mac(macAlgorithm3Into, K1, TEXT)).toThrow(coded('ERR_KEY', { label: 'MAC key', got: 'single DES' })))
})

/**
 * A request of every route, for the description of the interface and for people who try it. The test of the description sends
 * them all to a host in dev mode, in this order. Cards and keys are published ones; see demo-issuer.ts.
 */

import { DEMO_CREDENTIALS } from '../channels/demo.data.js'

/** What a route is sent. */
export interface RequestExample {
  readonly params?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** A body that is not JSON: NDJSON lines. */
  readonly lines?: readonly unknown[]
}

/** The session with a real UnionPay card that the demonstration shows, too. */
const TRANSCRIPT = [
  '> 00A404000E315041592E5359532E4444463031',
  '< 6F1E840E315041592E5359532E4444463031A50C5F2D027A689F1101018801019000',
  '> 00B2010C00',
  '< 702861264F08A000000333010101500A50424F432044454249549F120A50424F432044454249548701019000',
  '> 00A4040007A0000003330101',
  '< 6F458408A000000333010101A539500A50424F432044454249548701019F38099F7A019F02065F2A025F2D027A689F1101019F120A50424F43204445424954BF0C059F4D020B0A9000',
  '> 80A800000B83099F02065F2A02',
  '< 80167C0008010100100101011003060018010100200101009000',
  '> 00B2011400',
  '< 704A5F24032211305F25031211215A0862148301002374365F3401009F0702FF008E0C000000000000000042031E039F0D05D8609CA8009F0E0500100000009F0F05D8689CF8005F280201569000',
  '> 00B2031400',
  '< 7081B39081B0A33373F56850C06B1DE59D93F4F2A362CEA2A57C37D5DC78E3BF84914B608A43ACD22539B6C0491E88652244D2A199E6516D0C6F3C632F65202561106420FA406F530AE8D39CAF6EA5730E4A5AB15763FB42EAFA0AEE69A9E69640642E29CA15D5449B7AB74411A50EF811ACDEF4D8F93004C423E77E55AC263DA89308FCC05E3E0AA599565590C83CCE7FF6B17602F1BD7DB22C48A5A039FB97C48A8FA16083CC56DD6FEC3C6E7E81F37DCA25A949EC9000',
  '> 00B2041400',
  '< 70488F0103920433DFA0159F3201039F4701039F482A737DBBA0A11741BD57FEDF1BE60C551A88A24A82B5EB3182642F217AFA986E04DB7AC2F38057FCE8AC019F49039F37049F4A01829000',
  '> 00B2051400',
  '< 70819393819088E48EC5AC68FD509E73786839978F465F4BDB905EF38B9FBD17147FE810EAB68EB5E86C4A23BA2E897A54892D1DAD75EE339C21603CB172C66CE312AA9B585D5F24A3827342D504AF9EC2E95407AA72CE527DC1C0BA4D051B8BA6282AEDEEE1D3725EC8CA91EC515903D7E100576B837F96ABCB789C10434AFEC23E30D33B509FBBFB40ACDB15DF282372B8F3FBC99D9000',
  '> 00B2061400',
  '< 7081949F468190810A5485E3B940508DDFF1E6AC2BF5B8990742BC1E11146C8BFC46D8C3C425ABA2C264CE2F478C320D198FF03E090EA61ECA3CCCF493AA886EDAC940C2F0CDC248768204DF4DEC26758B18F67E9CC7AB84C7DA55F00BDF0127CAF12B09E93C1830120E5F700BAB5D9124F209037FC3BE5BC44D34153760CB5E79890BC5D00491681ECDD1C9844874D9B0DFFF81236C899000',
  '> 00B2011C00',
  '< 70488C1B9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E148D1A8A029F02069F03069F1A0295055F2A029A039C019F37049F21035F300202209F420201569F080200209000',
  '> 00B2012400',
  '< 70089F1401009F2301009000',
  '> 80AE40002E00000000000900000000000001560000800000015610041000B84FBA072019024C4E00000000000000000000000000000000000000',
  '< 801E800012E70CB84C238601F207010103A020000100000000007B168F919000',
  '',
].join('\n')

const VERIFY = {
  issuer: 'demo-pboc',
  pan: '6228000100001',
  panSequence: '01',
  emv: {
    '82': '7D00',
    '95': '0080046000',
    '9F26': '5D016C91005E7CC2',
    '9F27': '80',
    '9F10': '07010103A0400201',
    '9F37': '1E78EEBC',
    '9F36': '0240',
    '9A': '140701',
    '9C': '00',
    '9F02': '000000000001',
    '5F2A': '0156',
    '9F1A': '0156',
    '9F03': '000000000000',
  },
}

const SCRIPT = {
  issuer: 'demo-pboc',
  pan: '6228000100001',
  panSequence: '01',
  atc: '0240',
  arqc: '5D016C91005E7CC2',
  template: '72',
  scriptId: '00000001',
  commands: [{ type: 'application-block' }],
}

/** By method and route, as OpenAPI writes them. */
export const REQUEST_EXAMPLES: Readonly<Record<string, RequestExample>> = {
  'POST /v1/issuers': { body: { id: 'example-visa', family: 'visa', scheme: 'visa-cvn10' } },
  'GET /v1/issuers/{id}': { params: { id: 'demo-pboc' } },
  'POST /v1/keys': {
    body: {
      issuer: 'demo-pboc',
      usage: 'PIN',
      algorithm: 'tdes',
      components: [{ value: '0123456789ABCDEF1032547698BADCFE' }, { value: '5B2F9A0C7711E84D3C6A90D25E08F1B7' }],
    },
  },
  'GET /v1/keys/{id}': { params: { id: 'demo-pboc-AC' } },
  'DELETE /v1/keys/{id}': { params: { id: 'demo-pboc-ENC' } },
  'POST /v1/cryptograms/verify': { body: VERIFY },
  'POST /v1/cryptograms/arpc': { body: { ...VERIFY, decision: { arc: '3031' } } },
  'POST /v1/scripts': { body: SCRIPT },
  'POST /v1/scripts/batch': {
    lines: [
      { id: '1', ...SCRIPT },
      { id: '2', ...SCRIPT, atc: '0241' },
    ],
  },
  'POST /v1/cryptograms/batch': {
    lines: [
      { id: '1', ...VERIFY },
      { id: '2', ...VERIFY, expectedType: 'TC' },
    ],
  },
  'POST /v1/cards': { body: { issuer: 'demo-pboc', pan: '6228000200002', panSequence: '01' } },
  'GET /v1/cards/{card}': { params: { card: 'demo-card' } },
  'GET /v1/cards/{card}/history': { params: { card: 'demo-card' } },
  'POST /v1/cards/{card}/scripts': {
    params: { card: 'demo-card' },
    body: {
      command: { type: 'put-data', tag: '9F59', value: '0A' },
      reason: 'limit raised',
      condition: 'approved',
      expiry: '2099-12-31T00:00:00Z',
    },
  },
  'GET /v1/cards/{card}/scripts/{entry}': { params: { card: 'demo-card', entry: 'demo-entry-1' } },
  'POST /v1/cards/{card}/scripts/{entry}/cancel': {
    params: { card: 'demo-card', entry: 'demo-entry-1' },
    body: { reason: 'the holder knows the PIN' },
  },
  'POST /v1/cards/{card}/scripts/{entry}/proof': {
    params: { card: 'demo-card', entry: 'demo-entry-2' },
    body: { executed: true, reason: 'read from the card at a counter' },
  },
  'POST /v1/cards/{card}/reissue': {
    params: { card: 'demo-card-2' },
    body: { waiting: 'move', to: { panSequence: '02' }, reason: 'worn out' },
  },
  'POST /v1/cards/{card}/resume': { params: { card: 'demo-card' }, body: { reason: 'looked at' } },
  'POST /v1/cards/{card}/atc-reset': { params: { card: 'demo-card' }, body: { reason: 'host restored' } },
  'POST /v1/authorizations': {
    body: {
      reference: 'terminal-1/000001',
      ...VERIFY,
      entryMode: '051',
      decision: { approved: '3030', declined: '3035', E: '3934' },
    },
  },
  'POST /v1/authorizations/{id}/response': {
    params: { id: 'demo-authorization' },
    body: { pan: '6228000100001', arc: '3030' },
  },
  'POST /v1/advices': {
    body: {
      issuer: 'demo-pboc',
      reference: 'terminal-1/000001',
      kind: 'script-result',
      emv: { '95': '0080046000', '9F36': '0240', DF31: '0000000000' },
    },
  },
  'POST /v1/oda/verify': { body: { transcript: TRANSCRIPT, transactionDate: '20221101', method: 'sda' } },
  'POST /v1/oda/batch': { lines: [{ id: '1', transcript: TRANSCRIPT, transactionDate: '20221101' }] },
  'POST /v1/channel-credentials': { body: { issuer: 'demo-pboc', ...DEMO_CREDENTIALS } },
  'POST /v1/channels': {
    body: { issuer: 'demo-pboc', credentials: 'demo-pboc-CHANNEL', card: 'card 1', variant: 'transport' },
  },
  'GET /v1/channels/{id}': { params: { id: 'demo-open' } },
  'POST /v1/channels/{id}/responses': { params: { id: 'demo-handshake' }, body: { response: '9000' } },
  'POST /v1/channels/{id}/wrap': { params: { id: 'demo-open' }, body: { command: '80E2000003010203' } },
  'POST /v1/channels/{id}/unwrap': { params: { id: 'demo-open' }, body: { response: '6A82' } },
  'DELETE /v1/channels/{id}': { params: { id: 'demo-handshake' } },
  'POST /v1/campaigns': {
    body: {
      id: 'limits-2027',
      kind: 'queue',
      issuer: 'demo-pboc',
      command: { type: 'put-data', tag: '9F58', value: '05' },
      reason: 'limits of 2027',
    },
  },
  'POST /v1/campaigns/{id}/lines': {
    params: { id: 'limits-2027' },
    lines: [{ pan: '6228000100001', panSequence: '01', id: 'customer 17' }],
  },
  'GET /v1/campaigns/{id}': { params: { id: 'limits-2027' } },
  'POST /v1/campaigns/{id}/start': { params: { id: 'limits-2027' } },
  'POST /v1/campaigns/{id}/pause': { params: { id: 'limits-2027' } },
  'POST /v1/campaigns/{id}/resume': { params: { id: 'limits-2027' } },
  'POST /v1/campaigns/{id}/retry': { params: { id: 'limits-2027' } },
  'GET /v1/campaigns/{id}/result': { params: { id: 'limits-2027' } },
  'POST /v1/campaigns/{id}/cancel': { params: { id: 'limits-2027' } },
}

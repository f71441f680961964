/** What routes that do nothing answer with: an answer of /v1/scripts. */
export const ANSWER = {
  template: '72149F180400000001860B841E00000C0102030405060708',
  commands: [{ type: 'application-block', apdu: '841E0000040102030405060708' }],
  warnings: [],
}

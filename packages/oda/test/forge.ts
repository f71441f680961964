/**
 * Cards made for the tests, in hexadecimal text throughout: certificates and signatures built from the layouts of the
 * standard and signed with test keys, by code that shares nothing with the checker.
 */
import { createHash } from 'node:crypto'

/** An RSA key with its private exponent. The keys below are worthless: they exist for these tests alone. */
export interface TestKey {
  readonly n: string
  readonly d: string
  readonly e: string
}

export const CA: TestKey = {
  n: 'CB3062F847CB5CF688CD4CB082ECF983FCB67A61FE1034D44C5B3D34B9A483A50AF13565D00470AAD5785331A91CBFB5F49596FA877052D6615C9CB7E3420881BD15DC7587FBEB7F4F77EE53088C34C95364AB8B526AF59FCB824791F6DC459F02963D4C52C4DD3280770DAE90B4D511660E0AA10AA81308679EE75F5C2288FF84A8FC1E6BD3BB74E3595FAA67263F7F',
  d: '877597502FDCE8A45B338875AC9DFBAD53245196A960233832E77E23266DAD18B1F6239935584B1C8E50377670BDD523F863B9FC5A4AE1E440E8687A97815B0128B93DA3AFFD47A9048FFADB5005B205D4D6D504D71054CAC935B37BE4EAD5D813BA0D85352FAC3501CBEBB591DAABB81B7EC3CE790DE4FC4C44EC566BCC8FF30638806D920DBD4A04879F3C0B27436B',
  e: '03',
}
export const ISSUER: TestKey = {
  n: 'A2C89AD8B6D2D0FEB3C860296862668BB0F1FD5A1EEE6417D3EF6A7ABED820DC9379F93FBB8A77490E757FF7C0E8A52256C902F73BEF886F185A553DAD022084D67B580F1B7A4F40105D3A171092FDB541BCE8D369522AE8110B7BE8F7ED6E194F66241B38291E266915ADE70F50224BE2108D8A69F42F78889F66D7BB64214ABD65EAA54C139395649122AC686BEFDF',
  d: '6C85BC9079E1E0A9CD30401B9AEC445D20A1539169F442BA8D4A46FC7F3AC0930CFBFB7FD25C4F8609A3AAA52B45C36C39DB574F7D4A5AF4BAE6E37E7356C0588EFCE55F67A6DF7EFAB8ED5BB0950FF4138EE8648A157423591E96F52616E9CE9F61944386581B4ECAD879B7AADC9AE72DE2EF54B9910B358823D30C9107A681E4B99BE79DC8405BCE59F14609232E4B',
  e: '03',
}
export const SHORT_ISSUER: TestKey = {
  n: 'C1713B4ED5BDCE1F2B8AF37B43EE851EA3A2B5C84AE1F3A2019B3FA2B3140D5B425F4D882EEFDC092D269909B8AB9787FDE196149DBB43A411B3A715CA60CA2BC0BBA3887D9581001EB830C089F324BB',
  d: '719CAA639BDF955EF338F1D5D4C9130032C54E94AB7E57942FF359859A3DCDB66A9E04B05638E3F6AD784047D0CEFC5BC07D0C973F95B62D8846C05CE03ACF7E1C69699E7DBBB8E11BCF78E02D854491',
  e: '010001',
}
export const ICC: TestKey = {
  n: 'C7B1CDB31ECC8C2CEBA17D16AA8C01399AAABB06D9104EC7A540C13AA975507F8076455B7F0E1DDC9C336116604B88414F6E858546938F3BD50B2C4027AA7A7CA81F98F01E8568F16B5327E9D9038B447DCF4D0333B065B3AFCBC371E4BBB460E8801251A84D1E63068570F0E3B078BB65230EDFF75A80F80E5C1E7DBBAEC6CB',
  d: '10D36873993ABEECE205BF5673944C5E202C168A232BFE974FD33EF4C466801BDE2518FEF69BA7E478BCD3876121BC1F54A409580B744F73492621DA5DFD3D48B17BE4224720E85CE42C5A32728EE748B43CCAA7781399C007F9254357E900D17122C6A45DEE55E6F6C136A0BCD66ECC98E5D6FC8876F862C6DC62B307141651',
  e: '010001',
}
export const SHORT_ICC: TestKey = {
  n: 'B76E65CFAD846FDAFAD453A205F5468BA9F440E23A5071D21CC2AF5CB6FBF035DB3423793C55BE32839135FCE38B516D8CB9085D1B0E16AC176D1917770CD39AE1ADC7A6025C24963B8362E583E4BFF7',
  d: '7A4999351E584A91FC8D8D16AEA3845D1BF82B417C35A136BDD71F9324A7F5793CCD6CFB7D8E7ECB36A7F8F9386F87E1127B7A5725643510C35FD6EA13F22C6AF74686879E229496F6FF152BAD318ADB',
  e: '03',
}
export const PIN: TestKey = {
  n: 'EF97F93809541DB4F252FA5A3F048E3CE2B03164E33A155C4EF8FAFB8DEB9E45B0021736B4E12886594B39305AD8ADDCA460DF37A841261329CA96272DD24FDBEA0361D41A35662BC02EDC35912C86A4EB08A25123D0D77FE98471CA0D70B011',
  d: '9FBAA6255B8D69234C3751917F585ED341CACB98977C0E3D89FB51FD0947BED9200164CF2340C5AEE63226203C9073E7235CD4218A4A02F7C7DEB9F477A90B4F77DF699D9D671B1ECB9FA8B97014D6201832AD4104A4F79EE26604486659AEC3',
  e: '03',
}

export const sha1 = (hex: string): string =>
  createHash('sha1').update(Buffer.from(hex, 'hex')).digest('hex').toUpperCase()

/** block^d mod n, as long as n. */
export function privateOperation({ n, d }: TestKey, block: string): string {
  const modulus = BigInt(`0x${n}`)
  let base = BigInt(`0x${block}`)
  let result = 1n
  for (let exponent = BigInt(`0x${d}`); exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * base) % modulus
    base = (base * base) % modulus
  }
  return result.toString(16).toUpperCase().padStart(n.length, '0')
}

/** What a block may hold other than the standard says, to be refused for it. */
export interface BlockOptions {
  readonly header?: string
  readonly format?: string
  readonly hashAlgorithm?: string
  readonly padding?: string
  readonly trailer?: string
  /** What is signed in place of the hash. */
  readonly hash?: string
}

interface Parts {
  /** Between format and padding. */
  readonly content: string
  /** Hashed behind the block. */
  readonly appended: string
}

/** header ‖ format ‖ content ‖ BB .. ‖ SHA-1(format .. BB ‖ appended) ‖ trailer, signed. */
function signBlock(signer: TestKey, format: string, { content, appended }: Parts, options: BlockOptions): string {
  const room = signer.n.length - 2 * 23 - content.length
  const head = `${options.format ?? format}${content}${(options.padding ?? 'BB').repeat(room / 2)}`
  const hash = options.hash ?? sha1(head + appended)
  return privateOperation(signer, `${options.header ?? '6A'}${head}${hash}${options.trailer ?? 'BC'}`)
}

export interface CertificateOptions extends BlockOptions {
  readonly identifier?: string
  readonly expiry?: string
  readonly serial?: string
  readonly keyAlgorithm?: string
  readonly keyLength?: number
  readonly exponentLength?: string
  /** The certified exponent, where it is not the key's. */
  readonly exponent?: string
  readonly staticData?: string
  /** Fill the key field of a short key with the key itself, to the last byte but this many. */
  readonly keyField?: string
}

export interface TestCertificate {
  readonly certificate: string
  readonly remainder: string
  readonly exponent: string
}

function certify(
  signer: TestKey,
  subject: TestKey,
  format: string,
  identifier: string,
  options: CertificateOptions,
): TestCertificate {
  const room = signer.n.length - 2 * (32 + identifier.length / 2)
  const remainder = subject.n.slice(room)
  const exponent = options.exponent ?? subject.e
  const byte = (value: number): string => value.toString(16).padStart(2, '0').toUpperCase()
  const content = [
    identifier,
    options.expiry ?? '1249',
    options.serial ?? '0000A1',
    options.hashAlgorithm ?? '01',
    options.keyAlgorithm ?? '01',
    byte(options.keyLength ?? subject.n.length / 2),
    options.exponentLength ?? byte(exponent.length / 2),
    options.keyField ?? subject.n.slice(0, room),
  ].join('')
  const appended = `${remainder}${exponent}${options.staticData ?? ''}`
  return { certificate: signBlock(signer, format, { content, appended }, options), remainder, exponent }
}

export const PAN = '6214830100237436'
export const STATIC_DATA = '5A0862148301002374365F24034912315F3401007C00'

export function issuerCertificate(options: CertificateOptions = {}, subject = ISSUER, signer = CA): TestCertificate {
  return certify(signer, subject, '02', options.identifier ?? '621483FF', options)
}

export function iccCertificate(options: CertificateOptions = {}, subject = ICC, signer = ISSUER): TestCertificate {
  const identifier = options.identifier ?? PAN.padEnd(20, 'F')
  return certify(signer, subject, '04', identifier, { staticData: STATIC_DATA, ...options })
}

export function pinCertificate(options: CertificateOptions = {}, subject = PIN, signer = ISSUER): TestCertificate {
  return certify(signer, subject, '04', options.identifier ?? PAN.padEnd(20, 'F'), options)
}

/** Signed static application data. */
export function signStatic(options: BlockOptions & { staticData?: string } = {}, signer = ISSUER): string {
  const content = `${options.hashAlgorithm ?? '01'}DAC1`
  return signBlock(signer, '03', { content, appended: options.staticData ?? STATIC_DATA }, options)
}

/** Signed dynamic application data. */
export function signDynamic(
  dynamicData: string,
  terminalData: string,
  options: BlockOptions & { length?: string } = {},
  signer = ICC,
): string {
  const length = options.length ?? (dynamicData.length / 2).toString(16).padStart(2, '0')
  const content = `${options.hashAlgorithm ?? '01'}${length}${dynamicData}`
  return signBlock(signer, '05', { content, appended: terminalData }, options)
}

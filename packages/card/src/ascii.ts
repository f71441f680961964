/** Text of ASCII characters as bytes: names, labels, PIN digits. */
export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

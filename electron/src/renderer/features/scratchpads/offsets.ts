/** Positions in text: the kernel counts Unicode characters, JavaScript's strings count UTF-16 units. */

const isHighHalf = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLowHalf = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** How many characters come before the UTF-16 `offset`. */
export function charactersBefore(text: string, offset: number): number {
  const end = Math.min(offset, text.length);
  let characters = 0;
  for (let at = 0; at < end; at += 1) {
    const isSecond = at > 0 && isLowHalf(text.charCodeAt(at)) && isHighHalf(text.charCodeAt(at - 1));
    if (!isSecond) characters += 1;
  }
  return characters;
}

/** The UTF-16 offset behind so many characters. */
export function offsetOf(text: string, characters: number): number {
  let at = 0;
  for (let left = characters; left > 0 && at < text.length; left -= 1) {
    const isPair = isHighHalf(text.charCodeAt(at)) && isLowHalf(text.charCodeAt(at + 1));
    at += isPair ? 2 : 1;
  }
  return at;
}

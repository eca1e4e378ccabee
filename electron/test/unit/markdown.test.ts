import { describe, expect, test } from "vitest";
import { blocksOf, onlyMath, splitter } from "@/components/markdownBlocks";
import { settled } from "@/components/markdownTail";

const TEXT = [
  "# Sales\n\nOf the *second* quarter, see [the list][list] and `df.head()`.\nMore of it.\n\n",
  "- one\n- two\n  - nested **bold**\n\n  a paragraph of the item\n\n1. first\n2. second\n\n",
  "| a | b |\n| --- | ---: |\n| 1 | 2 |\n\n> a quote\n> # with a heading\n\n```python\ndef f(x):\n\n    return x\n```\n\n",
  "~~~\n```\n~~~\n\n### Skipped\n\nSetext\n---\n\n    indented\n\n\n    code\n\n$$\nx^2\n$$\n\n<div>\n\nHTML\n\n</div>\n\n",
  "[list]: https://example.com/list\n\n***\n\n<!-- a comment\n\nthat goes on -->\n\nThe end ~~gone~~ **bold",
].join("");

const whole = (text: string) => splitter()(text);
const raws = (pieces: readonly { raw: string }[]) => pieces.map(({ raw }) => raw);
const texts = (text: string) => blocksOf(whole(text)).map((block) => block.text);

describe("blocks", () => {
  test("together are the text, at whatever place it is cut", () => {
    for (let end = 0; end <= TEXT.length; end += 1) {
      const text = TEXT.slice(0, end);
      expect(raws(whole(text)).join("")).toBe(text);
    }
  });

  test.each([1, 3, 17, 101])("of a text that comes in pieces of %i are those of the whole", (size) => {
    const split = splitter();
    for (let end = size; end < TEXT.length + size; end += size) {
      const text = TEXT.slice(0, end);
      expect(split(text)).toEqual(whole(text));
    }
  });

  test("stay the same objects while the end grows", () => {
    const split = splitter();
    const before = split("One.\n\nTwo.\n\nThree.\n\nFo");
    const after = split("One.\n\nTwo.\n\nThree.\n\nFour");
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toBe(before[1]);
  });

  test("are those of another text when it is another", () => {
    const split = splitter();
    split("One.\n\nTwo.\n\nThree.");
    expect(raws(split("Other.\r\n\r\nText."))).toEqual(["Other.", "\n\n", "Text."]);
  });

  test("have the definitions of links that they may use", () => {
    expect(texts("See [it][a].\n\nNone.\n\n[a]: https://a.example")).toEqual([
      "See [it][a].\n\n[a]: https://a.example",
      "None.",
    ]);
  });

  test("with notes are one, so that these are numbered through", () => {
    expect(texts("One[^1].\n\nTwo.\n\n[^1]: A note.")).toHaveLength(1);
  });

  test("have headings without gaps in their levels", () => {
    const levels = blocksOf(whole("## A\n\n#### B\n\n##### C\n\n## D\n\n# E\n\ntext"));
    expect(levels.map(({ level }) => level)).toEqual([3, 4, 5, 3, 3, 4]);
  });

  test.each([
    ["$x^2$ is a square", true],
    ["$$\nx\n$$", true],
    ["It costs $5 to $10.", false],
    ["From $5", false],
    ["`$a$` and $5", false],
    ["\\$a\\$", false],
    ["From $5 to $10, and $x$", true],
    ["```sh\necho $A $B\n```", false],
  ])("know of %j whether it has formulas", (text, isMath) => {
    expect(blocksOf(whole(text)).map(({ hasMath }) => hasMath)).toEqual([isMath]);
  });
});

test.each([
  ["From $5 to $10, and $x_1$", "From \\$5 to \\$10, and $x_1$"],
  ["$$\na\n$$ and $", "$$\na\n$$ and \\$"],
  ["`$5` and \\$5 and $a$", "`$5` and \\$5 and $a$"],
])("of %j formulas alone keep their dollars", (text, shown) => {
  expect(onlyMath(text)).toBe(shown);
});

describe("the end of a stream", () => {
  test.each([
    ["plain words", "plain words"],
    ["**bo", "**bo**"],
    ["**bold*", "**bold**"],
    ["**bold**", "**bold**"],
    ["a **", "a"],
    ["a *", "a"],
    ["an *empha", "an *empha*"],
    ["***both", "***both***"],
    ["***both**", "***both***"],
    ["**a *b", "**a *b***"],
    ["snake_case_name", "snake_case_name"],
    ["5*3 = 15", "5*3 = 15"],
    ["2 * 3", "2 * 3"],
    ["~~gone", "~~gone~~"],
    ["`code", "`code`"],
    ["a `", "a"],
    ["``co`de`", "``co`de``"],
    ["`**not bold` a", "`**not bold` a"],
    ["[link", "link"],
    ["[link]", "[link]"],
    ["[link](https://exam", "link"],
    ["**[link](https://exam", "**link**"],
    ["[link](https://a.example) and", "[link](https://a.example) and"],
    ["see ![a pic", "see "],
    ["**[", ""],
    ["\\*not", "\\*not"],
    ["a<br", "a"],
    ["text\n-", "text"],
    ["text\n--", "text"],
    ["text\n#", "text"],
    ["- one\n-", "- one"],
    ["- one\n- **tw", "- one\n- **tw**"],
    ["- **one\n- two", "- **one\n- two"],
    ["1", ""],
    ["| a | b |", ""],
    ["| a | b |\n| -", ""],
    ["| a | b |\n| - | - |\n| 1", "| a | b |\n| - | - |\n| 1"],
    ["``", ""],
    ["```py", ""],
    ["```py\nx = [", "```py\nx = ["],
    ["```py\nx = 1\n``", "```py\nx = 1"],
    ["```py\nx = '**'\n```", "```py\nx = '**'\n```"],
    ["- a\n  ```py\n  x = **", "- a\n  ```py\n  x = **"],
    ["$$\nx^", ""],
    ["a $x_", "a $x_"],
  ])("of %j is shown as %j", (text, shown) => {
    expect(settled(text).trimEnd()).toBe(shown.trimEnd());
  });

  test("is never more than half a mark away from what is written, whatever is cut", () => {
    for (let end = 0; end <= TEXT.length; end += 1) {
      const last = blocksOf(whole(TEXT.slice(0, end))).at(-1)?.text ?? "";
      const words = (text: string) => text.replace(/[^\p{L}\p{N} ]/gu, "").trim();
      expect(words(last).startsWith(words(settled(last)))).toBe(true);
    }
  });
});

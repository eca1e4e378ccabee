/** The text of files: its words, its places, its tables, and what is marked in it. */
import { describe, expect, test } from "vitest";
import type { FileView, Passage } from "@/api/types";
import { placeCode, placeOfCode } from "@/components/placeCode";
import { placeWords } from "@/components/placeWords";
import { textStatus } from "@/components/textStatus";
import { blocksOf } from "@/features/files/blocks";
import { fieldsOf, separatorOf } from "@/features/files/csv";
import { hitsBefore } from "@/features/files/hitsBefore";
import { marked } from "@/features/files/marked";
import { markedParts, wordsPattern } from "@/features/files/markedParts";

const file = (more: Partial<FileView>): FileView => ({
  id: "file_1",
  name: "report.pdf",
  mime_type: "application/pdf",
  size: 1,
  sha256: "",
  project_id: null,
  conversation_id: null,
  created_at: "2026-01-01T00:00:00Z",
  text_status: "ready",
  text_error: null,
  text_progress: null,
  ...more,
});

const passage = (n: number, place: Passage["place"], text: string): Passage => ({ n, place, text });

/** What is marked, between brackets. */
const marks = (text: string, query: string): string =>
  markedParts(text, wordsPattern(query))
    .map((part) => (part.is_match ? `[${part.text}]` : part.text))
    .join("");

describe("the state of a file's text", () => {
  test.each([
    ["none", null, "No text", "neutral"],
    ["pending", null, "Waits to be read", "info"],
    ["extracting", { done: 3, total: 10 }, "Read 3 of 10", "info"],
    ["extracting", { done: 3, total: null }, "Being read", "info"],
    ["ready", null, "Searchable", "good"],
    ["partial", null, "Partly searchable", "warning"],
    ["failed", null, "Could not be read", "danger"],
  ] as const)("%s is said in words", (text_status, text_progress, words, tone) => {
    expect(textStatus(file({ text_status, text_progress }))).toEqual({ words, tone });
  });
});

test.each([
  [{ page: 3 }, "Page 3"],
  [{ sheet: "Q1", row: 12 }, "Sheet “Q1”, row 12"],
  [{ slide: 2 }, "Slide 2"],
  [{ paragraph: 4 }, "Paragraph 4"],
  [{ line: 99 }, "Line 99"],
  [{}, ""],
  [null, ""],
] as const)("the place %j is said in words", (place, words) => {
  expect(placeWords(place)).toBe(words);
});

describe("what is marked", () => {
  test.each([
    ["The ledger of the harbour", "LEDGER", "The [ledger] of the harbour"],
    ["Café, cafeteria", "cafe", "[Café], [cafeteria]"],
    ["art, party, artist", "art deco", "[art], party, artist"],
    ["the sea, the sea wall", '"the sea"', "[the sea], [the sea] wall"],
    ["a cat and a dog", "a", "[a] cat and [a] dog"],
    ["北京市朝阳区", "朝阳", "北京市[朝阳]区"],
    ["3.5 (+2) [x]", "(+2)", "3.5 (+[2]) [x]"],
    ["nothing here", "", "nothing here"],
    ["nothing here", "...", "nothing here"],
  ])("in “%s” for “%s”", (text, query, marked) => {
    expect(marks(text, query)).toBe(marked);
  });
});

describe("separated values", () => {
  test("are read with quotation marks, line breaks in fields and the lines where they begin", () => {
    expect(fieldsOf('a,b\r\n"x, ""y""\nz",2\n\nlast,', ",")).toEqual([
      { line: 1, fields: ["a", "b"] },
      { line: 2, fields: ['x, "y"\nz', "2"] },
      { line: 5, fields: ["last", ""] },
    ]);
  });

  test("a quotation mark that is not closed takes the rest", () => {
    expect(fieldsOf('a,"b\nc', ",")).toEqual([{ line: 1, fields: ["a", "b\nc"] }]);
  });

  test.each([
    ["a,b\n1,2", ","],
    ["a;b\n1,5;2", ";"],
    ["a\tb\n1\t2", "\t"],
    ["one\ntwo", null],
  ])("in %j are told by their separator", (text, separator) => {
    expect(separatorOf(text)).toBe(separator);
  });
});

describe("the blocks of a text", () => {
  test("have a heading where a page begins, and once", () => {
    const passages = [
      passage(0, { page: 1 }, "one"),
      passage(1, { page: 1 }, "two"),
      passage(2, { page: 2 }, "three"),
    ];
    expect(blocksOf(passages, "application/pdf")).toEqual([
      { kind: "text", key: "0", place: { page: 1 }, heading: "Page 1", text: "one" },
      { kind: "text", key: "1", place: { page: 1 }, heading: "", text: "two" },
      { kind: "text", key: "2", place: { page: 2 }, heading: "Page 2", text: "three" },
    ]);
  });

  test("of a spreadsheet are a table for each sheet, with the numbers of its rows", () => {
    const passages = [
      passage(0, { sheet: "Landings", row: 1 }, "Boat\tBarrels\nFulmar\t12"),
      // The row was too long for one passage.
      passage(1, { sheet: "Landings", row: 2 }, "0\t18.5"),
      passage(2, { sheet: "Landings", row: 37 }, "Sum"),
      passage(3, { sheet: "Q2", row: 4 }, "x"),
    ];
    expect(blocksOf(passages, "application/vnd.ms-excel")).toEqual([
      {
        kind: "table",
        key: "0",
        place: { sheet: "Landings", row: 1 },
        heading: "Sheet “Landings”",
        head: null,
        columns: 3,
        rows: [
          { n: 1, cells: ["Boat", "Barrels"] },
          { n: 2, cells: ["Fulmar", "120", "18.5"] },
          { n: 37, cells: ["Sum"] },
        ],
      },
      {
        kind: "table",
        key: "3",
        place: { sheet: "Q2", row: 4 },
        heading: "Sheet “Q2”",
        head: null,
        columns: 1,
        rows: [{ n: 4, cells: ["x"] }],
      },
    ]);
  });

  test("of separated values are one table, whose first row is its head", () => {
    const passages = [
      passage(0, { line: 1 }, "day,sold\nMon,1"),
      passage(1, { line: 3 }, "Tue,2"),
      passage(2, { line: 3 }, "5"),
    ];
    expect(blocksOf(passages, "text/csv")).toEqual([
      {
        kind: "table",
        key: "0",
        place: { line: 1 },
        heading: "",
        head: ["day", "sold"],
        columns: 2,
        rows: [
          { n: 2, cells: ["Mon", "1"] },
          { n: 3, cells: ["Tue", "25"] },
        ],
      },
    ]);
  });

  test("of what calls itself separated values and is not are its text", () => {
    expect(blocksOf([passage(0, { line: 1 }, "one\ntwo")], "text/csv")).toEqual([
      { kind: "text", key: "0", place: { line: 1 }, heading: "", text: "one\ntwo" },
    ]);
  });
});

test.each([
  [{ page: 3 }, "p3"],
  [{ slide: 2 }, "s2"],
  [{ line: 99 }, "l99"],
  [{ paragraph: 4 }, "a4"],
  [{ sheet: "Q1. of all", row: 12 }, "r12.Q1. of all"],
] as const)("the place %j stands in an address, and is read again", (place, code) => {
  expect(placeCode(place)).toBe(code);
  expect(placeOfCode(code)).toEqual(place);
});

test("what is no place says nothing", () => {
  expect([placeCode(null), placeCode({}), placeOfCode("x3"), placeOfCode("")]).toEqual([
    undefined,
    undefined,
    null,
    null,
  ]);
});

describe("the hits before a place", () => {
  const before = (passages: Passage[], at: Passage["place"], type = "text/plain") =>
    hitsBefore(marked(blocksOf(passages, type), "tide").blocks, at);

  test("of a page are those of the pages before it", () => {
    const pages = [1, 1, 2, 3].map((page, n) => passage(n, { page }, "tide and tide"));
    expect([1, 2, 3, 4].map((page) => before(pages, { page }))).toEqual([0, 4, 6, null]);
  });

  test("of a line are those of the lines before it", () => {
    const lines = [passage(0, { line: 1 }, "tide\nebb, tide\ntide"), passage(1, { line: 4 }, "tide")];
    expect([1, 2, 3, 4, 9].map((line) => before(lines, { line }))).toEqual([0, 1, 2, 3, null]);
  });

  test("of a row are those before it, of its sheet and those before that", () => {
    const sheets = [
      passage(0, { sheet: "A", row: 1 }, "tide\ttide\ntide"),
      passage(1, { sheet: "B", row: 1 }, "x\ntide"),
    ];
    const places = [
      { sheet: "A", row: 2 },
      { sheet: "B", row: 2 },
      { sheet: "C", row: 1 },
    ];
    expect(places.map((at) => before(sheets, at))).toEqual([2, 3, null]);
  });
});

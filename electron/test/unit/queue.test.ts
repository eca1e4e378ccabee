import { beforeEach, expect, test } from "vitest";
import { dequeue, dropQueue, enqueue, holdQueue, readQueue, releaseQueue } from "@/state/queue";

const message = (text: string) => ({ text, files: [], skills: [], model: null });
const texts = (id: string) => readQueue(id).messages.map(({ text }) => text);

beforeEach(() => localStorage.clear());

test("messages wait in order, each task's apart", () => {
  for (const text of ["one", "two"]) enqueue("conv_1", message(text));
  enqueue("conv_2", message("other"));
  expect([texts("conv_1"), texts("conv_2")]).toEqual([["one", "two"], ["other"]]);
});

test("a message is taken out once", () => {
  for (const text of ["one", "two", "three"]) enqueue("conv_1", message(text));
  const second = readQueue("conv_1").messages[1]?.id ?? "";
  expect(dequeue("conv_1", second)?.text).toBe("two");
  expect(dequeue("conv_1", second)).toBeNull();
  expect(texts("conv_1")).toEqual(["one", "three"]);
});

test("a queue that is held stays so for what is added, until it is released", () => {
  enqueue("conv_1", message("one"));
  holdQueue("conv_1", "The turn before has failed.");
  enqueue("conv_1", message("two"));
  expect(readQueue("conv_1").hold).toBe("The turn before has failed.");
  releaseQueue("conv_1");
  expect(readQueue("conv_1").hold).toBeUndefined();
  expect(texts("conv_1")).toEqual(["one", "two"]);
});

test("nothing is kept of a queue in which nothing waits", () => {
  holdQueue("conv_1", "There is nothing to hold.");
  enqueue("conv_2", message("one"));
  dropQueue("conv_2");
  expect(localStorage).toHaveLength(0);
});

// @vitest-environment node
import { describe, expect, it } from "vitest";
import { linkIn, pathOf } from "../../../src/main/deepLinks";

describe("what a link shows", () => {
  it.each<[string, string | null]>([
    ["cowork://conversation/conv_01hx", "/tasks/conv_01hx"],
    ["cowork://task/conv_01hx", "/tasks/conv_01hx"],
    ["cowork://project/proj_1", "/projects/proj_1"],
    ["cowork://artifact/art_1", "/artifacts/art_1"],
    ["cowork://schedule/sched_1", "/schedules/sched_1"],
    ["cowork://scratchpad/pad_1", "/scratchpads/pad_1"],
    ["cowork://file/file_1", "/files/file_1"],
    ["cowork://skill/skill_1", "/skills/skill_1"],
    ["cowork://connection/conn_1", "/connectors/conn_1"],
    ["cowork://settings", "/settings"],
    ["cowork://approvals/", "/approvals"],
    ["cowork://tasks", "/tasks"],
    // As systems hand them over.
    ["COWORK://settings", "/settings"],
    ["cowork:settings", "/settings"],
    ["cowork:///settings", "/settings"],
    ["cowork:conversation/conv_1", "/tasks/conv_1"],
    ["cowork://conversation/conv_1/", "/tasks/conv_1"],
    ["cowork://", "/"],
    ["cowork:", "/"],
    // Nothing but where to go is heard.
    ["cowork://conversation/conv_1?send=now#x", "/tasks/conv_1"],
    // Others.
    ["cowork://conversation", null],
    ["cowork://conversation/conv_1/delete", null],
    ["cowork://settings/approvals", null],
    ["cowork://unknown/conv_1", null],
    ["cowork://unknown", null],
    ["cowork://constructor", null],
    ["cowork://constructor/conv_1", null],
    ["cowork://__proto__/conv_1", null],
    ["cowork://conversation/conv_", null],
    ["cowork://conversation/conv_1%2f..%2fsettings", null],
    ["cowork://conversation/..", null],
    ["cowork://conversation/../settings/x", null],
    ["cowork://conversation/conv_%31", null],
    ["cowork://conversation/CONV_1", null],
    ["cowork://conversation/https:%2f%2fevil.com", null],
    [`cowork://conversation/conv_${"1".repeat(41)}`, null],
    ["cowork://tasks:80", null],
    ["cowork://api/v1", null],
    ["coworker://settings", null],
    ["http://cowork/settings", null],
    ["javascript:alert(1)", null],
    ["settings", null],
    ["", null],
  ])("%j: %s", (link, want) => expect(pathOf(link)).toBe(want));
});

describe("the link among arguments", () => {
  it.each<[string[], string | null]>([
    [["/usr/bin/cowork", "cowork://settings"], "cowork://settings"],
    [["cowork.exe", "--flag", "cowork://tasks", "--", "cowork://files"], "cowork://files"],
    [["/usr/bin/cowork", "--user-data-dir=/x"], null],
    [["/opt/cowork/cowork", "/home/cowork:x"], null],
    [[], null],
  ])("%j: %s", (commandLine, want) => expect(linkIn(commandLine)).toBe(want));
});

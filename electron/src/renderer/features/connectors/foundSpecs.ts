/** Which connectors fit what is searched for. */
import type { ConnectorSpec } from "@/api/types";

export type Category = ConnectorSpec["category"];

export const CATEGORIES: readonly (readonly [Category, string])[] = [
  ["database", "Databases"],
  ["storage", "Storage"],
  ["work", "Work"],
  ["mail", "Mail"],
  ["web", "Web"],
  ["mcp", "MCP"],
];

/** Those with every word; first whose name begins with what was typed. */
export function foundSpecs(
  specs: readonly ConnectorSpec[],
  text: string,
  category: Category | null,
): ConnectorSpec[] {
  const typed = text.trim().toLowerCase();
  const words = typed.split(/\s+/);
  const found = specs.filter((spec) => {
    const about = `${spec.id} ${spec.name} ${spec.description} ${spec.category}`.toLowerCase();
    return (category === null || spec.category === category) && words.every((word) => about.includes(word));
  });
  const rank = (spec: ConnectorSpec) => (spec.name.toLowerCase().startsWith(typed) ? 0 : 1);
  return found.sort((one, other) => rank(one) - rank(other));
}

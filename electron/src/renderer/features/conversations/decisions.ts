/** What the user was asked before a call, and what came of it in words. */
import type { Approval } from "@/api/types";
import { argumentsOf, type TurnCall } from "@/state/turn";

/** An approval does not name its call: it has the same tool and arguments. */
export const isAskedFor = (approval: Approval, call: TurnCall): boolean =>
  approval.tool === call.name && JSON.stringify(approval.arguments) === JSON.stringify(argumentsOf(call));

export function decisionWords(approval: Approval): string {
  switch (approval.status) {
    case "allowed":
      return "Allowed";
    case "denied":
      return approval.kind === "question" ? "Not answered" : "Denied";
    case "answered":
      return "Answered";
    case "expired":
      return "Nobody answered in time";
    case "cancelled":
      return "Not asked any more";
    case "pending":
      return "Waiting for you";
  }
}

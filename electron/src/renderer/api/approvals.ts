/** What the agent asks before it acts, and what it remembers of the answers. */
import { queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type { components } from "./schema.gen";

export const pendingApprovalsQuery = queryOptions({
  queryKey: ["approvals", "pending"],
  queryFn: ({ signal }) =>
    unwrap(client.GET("/api/v1/approvals", { params: { query: { status: "pending", limit: 200 } }, signal })),
});

export const approvalsQuery = queryOptions({
  queryKey: ["approvals", "all"],
  queryFn: ({ signal }) =>
    unwrap(client.GET("/api/v1/approvals", { params: { query: { limit: 200 } }, signal })),
});

export const approvalRulesQuery = queryOptions({
  queryKey: ["approvals", "rules"],
  queryFn: ({ signal }) =>
    unwrap(client.GET("/api/v1/approvals/rules", { params: { query: { limit: 1000 } }, signal })),
});

export const answerApproval = (
  response_id: string,
  approval_id: string,
  body: components["schemas"]["ApprovalAnswer"],
) =>
  unwrap(
    client.POST("/api/v1/responses/{response_id}/approvals/{approval_id}", {
      params: { path: { response_id, approval_id } },
      body,
    }),
  );

export const deleteApprovalRule = (rule_id: string) =>
  done(client.DELETE("/api/v1/approvals/rules/{rule_id}", { params: { path: { rule_id } } }));

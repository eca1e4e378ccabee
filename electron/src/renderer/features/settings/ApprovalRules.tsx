/** What the user allowed always, each with the way to forget it. */
import { useQuery } from "@tanstack/react-query";
import { approvalRulesQuery, deleteApprovalRule } from "@/api/approvals";
import { projectsQuery } from "@/api/projects";
import { Button } from "@/components/Button";
import { Failed, Loading } from "@/components/States";
import { toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./SettingsView.module.css";

export function ApprovalRules() {
  const rules = useQuery(approvalRulesQuery);
  const projects = useQuery(projectsQuery);
  const renew = useRenew();
  const nameOf = (id: string) => projects.data?.data.find((project) => project.id === id)?.name ?? id;
  const forget = async (id: string) => {
    await deleteApprovalRule(id);
    renew("approvals");
  };
  return (
    <div>
      <h3>Always allowed</h3>
      {rules.isPending && <Loading lines={1} />}
      {rules.isError && <Failed error={rules.error} onRetry={() => void rules.refetch()} isInline />}
      {rules.data?.total === 0 && (
        <p className={styles.none}>Nothing. “Always allow” on a question adds to this.</p>
      )}
      <ul className={styles.rows}>
        {rules.data?.data.map((rule) => (
          <li key={rule.id}>
            <span>
              <code>{rule.tool}</code> {rule.subject}{" "}
              <span className={styles.none}>in {nameOf(rule.project_id)}</span>
            </span>
            <Button size="small" onClick={() => void forget(rule.id).catch(toastError)}>
              Forget<span className="visually-hidden"> {`${rule.tool} ${rule.subject}`}</span>
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}

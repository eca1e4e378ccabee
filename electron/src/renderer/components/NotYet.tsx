/** A view that the app does not have yet: what it will be for, and how the same is done until then. */
import { Hammer } from "lucide-react";
import type { ReactNode } from "react";
import { Page } from "./Page";
import { Empty } from "./States";

export function NotYet({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Page title={title}>
      <Empty icon={<Hammer />} title="Not in the app yet">
        {children} Until then the{" "}
        <a href="/api/v1/docs" target="_blank" rel="noopener noreferrer">
          REST API
        </a>{" "}
        has all of it.
      </Empty>
    </Page>
  );
}

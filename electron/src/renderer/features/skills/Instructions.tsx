/** The instructions of a skill: written as Markdown, and looked at as the agent's words look. */
import { lazy, Suspense, useState } from "react";
import { Button } from "@/components/Button";
import { TextArea } from "@/components/Field";
import { Loading } from "@/components/States";
import styles from "./SkillView.module.css";

const Markdown = lazy(() => import("@/components/Markdown").then((module) => ({ default: module.Markdown })));

interface InstructionsProps {
  value: string;
  onChange: (text: string) => void;
  error: string | undefined;
}

export function Instructions({ value, onChange, error }: InstructionsProps) {
  const [isPreview, setPreview] = useState(false);
  return (
    <div className={styles.instructions}>
      <Button
        size="small"
        kind="ghost"
        className={styles.turn}
        aria-pressed={isPreview}
        onClick={() => setPreview(!isPreview)}
      >
        Preview
      </Button>
      {isPreview ? (
        <section aria-label="Preview of the instructions">
          <p className={styles.label}>Instructions</p>
          <div className={styles.preview}>
            <Suspense fallback={<Loading />}>
              {value.trim() ? (
                <Markdown text={value} />
              ) : (
                <p className={styles.muted}>Nothing is written yet.</p>
              )}
            </Suspense>
          </div>
        </section>
      ) : (
        <TextArea
          label="Instructions"
          hint="Markdown. The agent reads them when it uses the skill: steps, formats, what to heed."
          rows={14}
          className={styles.text}
          value={value}
          maxLength={200_000}
          error={error}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </div>
  );
}

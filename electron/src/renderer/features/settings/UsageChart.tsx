/** Tokens of each day, stacked by model; the table beneath says the same in figures. */
import { count, dollars } from "@/components/format";
import type { Days } from "./usageDays";
import styles from "./UsageView.module.css";

const HEIGHT = 160;
const SERIES = 6;

const colour = (n: number): string => `var(--chart-${Math.min(n, SERIES - 1) + 1})`;

export function UsageChart({ models, days }: Days) {
  const most = Math.max(1, ...days.map((day) => day.total));
  return (
    <figure className={styles.chart}>
      <figcaption className={styles.legend}>
        {models.map((model, n) => (
          <span key={model}>
            <span className={styles.swatch} style={{ background: colour(n) }} aria-hidden />
            {model || "unknown model"}
          </span>
        ))}
      </figcaption>
      <div className={styles.scale} aria-hidden>
        {count(most)} tokens
      </div>
      <svg
        viewBox={`0 0 ${days.length * 10} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Tokens a day, ${days[0]?.day ?? ""} to ${days.at(-1)?.day ?? ""}; the table below has the figures.`}
        className={styles.bars}
      >
        {days.map(({ day, tokens, total, cost }, place) => (
          <g key={day}>
            <title>{`${day}: ${count(total)} tokens, ${dollars(cost)}`}</title>
            <rect x={place * 10} y={0} width={10} height={HEIGHT} className={styles.column} />
            {stacked(tokens, HEIGHT / most).map(({ y, height }, n) => (
              <rect key={models[n]} x={place * 10 + 1} y={y} width={8} height={height} fill={colour(n)} />
            ))}
          </g>
        ))}
      </svg>
      <div className={styles.axis} aria-hidden>
        <span>{days[0]?.day}</span>
        <span>{days.at(-1)?.day}</span>
      </div>
    </figure>
  );
}

function stacked(tokens: readonly number[], scale: number): { y: number; height: number }[] {
  let top = HEIGHT;
  return tokens.map((n) => {
    top -= n * scale;
    return { y: top, height: n * scale };
  });
}

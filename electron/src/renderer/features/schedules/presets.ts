/** Times that many want, and schedules to begin with. */

export const TIMES = [
  { label: "Every hour", cron: "0 * * * *" },
  { label: "Every day at 9", cron: "0 9 * * *" },
  { label: "Weekdays at 9", cron: "0 9 * * 1-5" },
  { label: "Every Monday at 9", cron: "0 9 * * 1" },
  { label: "First of the month", cron: "0 9 1 * *" },
] as const;

export const BEGINNINGS = [
  {
    title: "What is new",
    when: "Weekdays at 9",
    cron: "0 9 * * 1-5",
    prompt:
      "Look at the files that have come since the last run, and say in a few sentences what is new in them.",
  },
  {
    title: "Weekly report",
    when: "Every Monday at 9",
    cron: "0 9 * * 1",
    prompt:
      "Compare this week’s figures with those of the week before, and make a one-page report with a chart of what has changed.",
  },
  {
    title: "Check of the month",
    when: "First of the month at 9",
    cron: "0 9 1 * *",
    prompt:
      "Look through the tables of the month that has ended for gaps, duplicates and outliers, and list them.",
  },
] as const;

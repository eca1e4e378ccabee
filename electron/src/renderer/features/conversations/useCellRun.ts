/** What a cell of a turn has put out: its run as it is stored, told anew. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { followCell } from "@/api/events";
import type { CellLink } from "@/api/types";
import { INITIAL_RUN, reduceCellRun, type CellRunState } from "@/state/cellRun";

/** Its key is not the notebook's: of a run that has ended nothing changes any more. */
const cellRunQuery = ({ scratchpad_id, cell_id, run_id }: CellLink) =>
  queryOptions({
    queryKey: ["runs", scratchpad_id, cell_id, run_id],
    queryFn: async ({ signal }) => {
      let run: CellRunState = INITIAL_RUN;
      await followCell(scratchpad_id, cell_id, {
        signal,
        onEvents: (events) => {
          run = reduceCellRun(run, events);
        },
      });
      return run;
    },
    staleTime: Infinity,
  });

export const useCellRun = (link: CellLink) => useQuery(cellRunQuery(link));

/** What the event stream says is asked anew, so that every page shows what is. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Draft } from "../api/contract";
import { events } from "../api/events";
import { keys } from "../api/queries";

export function useFreshness(): void {
  const client = useQueryClient();
  useEffect(() => {
    const again = (queryKey: readonly unknown[]) => void client.invalidateQueries({ queryKey });
    const stops = [
      events.on("ref", () => {
        again(keys.datasets);
        again(["dataset"]);
      }),
      events.on("draft", ({ dataset, branch, etag }) => {
        const place = keys.draft(dataset, branch);
        // Our own edit's answer was there before its event.
        if (client.getQueryData<Draft | null>(place)?.etag !== etag) again(place);
      }),
      events.on("run", () => again(keys.runs)),
      events.on("import", ({ done }) => done && again(keys.datasets)),
      events.on("mounts", () => again(keys.mounts)),
      events.on("reduce", ({ done }) => done && again(keys.runs)),
      events.on("reset", () => void client.invalidateQueries()),
      events.onState((isOpen) => isOpen && void client.invalidateQueries()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [client]);
}

/** Saves all rows that the filter shows, in their order, as CSV. */
import { Download } from "lucide-react";
import { useState } from "react";
import type { Row } from "../../api/contract";
import { rowsOptions } from "../../api/queries";
import { count, counted } from "../../parts/amounts";
import { say, sayFailure } from "../../parts/toasts";
import { useWorkspace } from "../context";
import { columnsText } from "../page-columns";
import { csvHead, csvLine } from "./csv";
import { useShownColumns } from "./shown-columns";

const PAGE = 10_000;

export function SaveRows() {
  const { at, version, where, order, client, dataset } = useWorkspace();
  const { shown } = useShownColumns();
  const [saved, setSaved] = useState<number | null>(null);
  const save = async () => {
    const names = shown.map(({ name }) => name);
    const columns = columnsText(names);
    const parts = [csvHead(["_key", ...names])];
    try {
      for (let offset = 0, matched = 1; offset < matched; offset += PAGE) {
        setSaved(offset);
        const wanted = { where, order: order || undefined, columns, offset, limit: PAGE };
        const page = await client.fetchQuery({ ...rowsOptions(at, version, wanted), gcTime: 0 });
        matched = page.matched;
        parts.push((page.rows as Row[]).map((row) => csvLine(row, ["_key", ...names])).join(""));
      }
      const url = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
      Object.assign(document.createElement("a"), { href: url, download: `${dataset}-${at.table}.csv` }).click();
      URL.revokeObjectURL(url);
      say("The rows are saved as CSV");
    } catch (error) {
      sayFailure("Saving the rows", error);
    }
    setSaved(null);
  };
  return (
    <button
      type="button"
      className="button"
      disabled={saved !== null}
      title="Save these rows as CSV"
      onClick={() => void save()}
    >
      <Download size={14} aria-hidden /> {saved === null ? "CSV" : `${count(saved)}…`}
      <span className="unseen">{saved === null ? "Save the rows" : `${counted(saved, "row")} read`}</span>
    </button>
  );
}

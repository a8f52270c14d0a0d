/** The columns that a list of rows asks for: an embedding or a long text that is not shown is not sent. */
import type { TableColumn } from "../api/contract";
import { useBoxSource } from "./boxes";
import { imageColumn, labelColumn, lossColumn, predictedColumn } from "./columns";
import { useWorkspace } from "./context";
import { orderText } from "./rows/order";
import { useShownColumns } from "./rows/shown-columns";

/** Names as the service takes them. */
export const columnsText = (names: readonly string[]) =>
  orderText(names.map((column) => ({ column, isDescending: false })));

/** All columns but vectors, which no cell shows. */
export const readable = (columns: readonly TableColumn[]) =>
  columnsText(columns.filter(({ role }) => role.kind !== "embedding").map(({ name }) => name));

export function usePageColumns(): string {
  const { table, columns } = useWorkspace();
  const { shown } = useShownColumns();
  const source = useBoxSource();
  const needed = [imageColumn(table), labelColumn(table), predictedColumn(columns), lossColumn(columns)];
  const names = new Set([...shown, ...needed].filter((column) => column !== null).map(({ name }) => name));
  for (const name of [source?.of, source?.inline, "width", "height"]) {
    if (name && table.columns.some((column) => column.name === name)) names.add(name);
  }
  return columnsText([...names]);
}

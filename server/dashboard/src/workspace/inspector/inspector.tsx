/** All that is known of one row: its picture and boxes, fields, metrics, history and neighbours. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import type { Row } from "../../api/contract";
import { rowsOptions } from "../../api/queries";
import { Empty, Failure, Loading } from "../../parts/states";
import { embeddingColumn, imageColumn } from "../columns";
import { useWorkspace, type Workspace } from "../context";
import { useFocus } from "../focus";
import { readable } from "../page-columns";
import { rowAtOptions } from "../row-at";
import { byKey } from "../row-key";
import { Fields } from "./fields";
import { History } from "./history";
import { Metrics } from "./metrics";
import { Neighbours } from "./neighbours";

const Picture = lazy(() => import("./picture"));

export function Inspector() {
  const { table } = useWorkspace();
  const { key } = useFocus();
  const asked = useFocusedRow();
  if (key === null) return <Empty title="No row is in focus">Click a point, a row or a picture.</Empty>;
  if (asked.error) return <Failure error={asked.error} what={`Row ${key}`} onRetry={() => void asked.refetch()} />;
  if (!asked.isFetched && !asked.row) return <Loading what={`row ${key}`} />;
  if (!asked.row)
    return <Empty title={`There is no row ${key} here`}>It may have been deleted, or belong to another table.</Empty>;
  const { row } = asked;
  return (
    <div className="inspector">
      {imageColumn(table) && (
        <Suspense fallback={<Loading what="the picture" />}>
          <Picture row={row} />
        </Suspense>
      )}
      <Fields row={row} />
      <Metrics row={row} />
      <History row={row} />
      {embeddingColumn(table) && <Neighbours row={row} />}
    </div>
  );
}

/** The row in focus: by its place where that is known, which costs the service least; else by its key. */
export function useFocusedRow() {
  const workspace = useWorkspace();
  const { key, row } = useFocus();
  const byRow = useQuery({
    ...rowAtOptions(workspace, row ?? 0),
    enabled: key !== null && row !== null,
    placeholderData: keepPreviousData,
  });
  const found = byRow.data?.rows[0] as Row | undefined;
  const isRight = row !== null && found?._key === key;
  // An edit may have moved rows: then the key is what counts.
  const mustSearch = key !== null && (row === null || (byRow.isFetched && !byRow.isPlaceholderData && !isRight));
  const byKey = useQuery({
    ...keyOptions(workspace, key ?? ""),
    enabled: mustSearch,
    placeholderData: keepPreviousData,
  });
  const searched = (byKey.data?.rows as Row[] | undefined)?.find(({ _key }) => _key === key);
  const shown = isRight ? found : searched;
  useEffect(() => {
    if (searched && useFocus.getState().row !== searched._row) useFocus.setState({ row: searched._row });
  }, [searched]);
  return {
    row: shown,
    error: mustSearch ? byKey.error : byRow.error,
    isFetched: mustSearch ? byKey.isFetched && !byKey.isPlaceholderData : byRow.isFetched,
    refetch: mustSearch ? byKey.refetch : byRow.refetch,
  };
}

function keyOptions({ at, version, table, columns }: Workspace, key: string) {
  return rowsOptions(at, version, { ...byKey(table, key), columns: readable(columns) });
}

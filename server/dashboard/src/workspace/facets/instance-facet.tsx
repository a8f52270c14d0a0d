/** What single boxes are: class, area, aspect, confidence. A row shows if one of its boxes is all that is asked. */
import { useEffect, useMemo, useState } from "react";
import type { TableColumn } from "../../api/contract";
import { plainCell } from "../../core/column";
import { type Condition, whereOf } from "../../core/filter";
import { type Asked, isAsked, MEASURES, type Measure, placesFor, type Span } from "../../core/instance";
import { Instances } from "../../core/instances";
import { counted } from "../../parts/amounts";
import { Failure, Loading } from "../../parts/states";
import { categoryColour } from "../../render/palette";
import { useBoxSource } from "../boxes";
import { classColour, classPlaces } from "../columns";
import { addClause, setFilter, useWorkspace } from "../context";
import { inSlices } from "../in-slices";
import { usePreview } from "../preview";
import { useMask, useWholeColumn } from "../whole-columns";
import { Brush } from "./brush";
import { CategoryList } from "./category-list";

const BINS = 40;

const isOf = (condition: Condition, column: TableColumn) =>
  condition.kind === "instance" && condition.column === column.name;

export default function InstanceFacet({ column }: { column: TableColumn }) {
  const { filter } = useWorkspace();
  const whole = useWholeColumn(column.name);
  const here = filter.findIndex(({ condition, negated }) => isOf(condition, column) && !negated);
  const others = whereOf(filter, here < 0 ? undefined : here);
  const within = useMask(others);
  const [done, setDone] = useState<{ instances: Instances; isWhole: boolean } | null>(null);
  useEffect(() => {
    const cells = whole.data;
    if (cells?.kind !== "cells") return;
    const instances = new Instances();
    return inSlices(
      cells.length,
      (row) => instances.add(row, plainCell(cells.at(row))),
      (isWhole) => setDone({ instances, isWhole }),
    );
  }, [whole.data]);
  const failed = [whole, within].find(({ error }) => error);
  if (failed) return <Failure error={failed.error} what={column.name} onRetry={() => void failed.refetch()} />;
  if (!done?.isWhole || (others !== undefined && !within.data)) return <Loading what="the boxes" lines={3} />;
  if (done.instances.form === null) return <p className="quiet">No row lists a box.</p>;
  return (
    <Parts
      column={column}
      instances={done.instances}
      within={others === undefined ? null : (within.data ?? null)}
      here={here}
    />
  );
}

interface Props {
  column: TableColumn;
  instances: Instances;
  /** The rows that the other filters show. */
  within: ReturnType<typeof useMask>["data"] | null;
  /** The place of this facet's clause in the filter, or -1. */
  here: number;
}

function Parts({ column, instances, within = null, here }: Props) {
  const { filter, table } = useWorkspace();
  const condition = filter[here]?.condition;
  const asked: Asked = useMemo(() => {
    if (condition?.kind !== "instance") return {};
    const { labels, area, aspect, confidence } = condition;
    return { labels, area, aspect, confidence };
  }, [condition]);
  const form = instances.form ?? "box-xywh";
  const others = whereOf(filter, here < 0 ? undefined : here);
  // An edit may have made a list longer since the clause was made.
  const places = condition?.kind === "instance" ? condition.most : instances.longest;
  const beyond = instances.rowsBeyond(places);
  const change = (part: Asked) => {
    const next = { ...asked, ...part };
    if (next.labels?.length === 0) next.labels = undefined;
    if (!isAsked(next)) return setFilter(filter.filter((_, i) => i !== here));
    const most = Math.max(1, Math.min(instances.longest, placesFor(next, form, others)));
    addClause(filter, { condition: { kind: "instance", column: column.name, form, most, ...next } });
  };
  const isShare = form === "box-cxcywhn";
  return (
    <div className="facet-body">
      <Labels column={column} instances={instances} within={within} asked={asked} onChange={change} />
      {MEASURES.map((measure) => (
        <Range
          key={measure}
          name={`${column.name} ${measure}`}
          title={titleOf(measure, isShare)}
          measure={measure}
          instances={instances}
          within={within}
          asked={asked}
          rows={table.rows}
          onChange={change}
        />
      ))}
      {instances.foreign > 0 && (
        <p className="quiet">
          {counted(instances.foreign, "box is", "boxes are")} written in another form and are not measured.
        </p>
      )}
      {beyond > 0 && (
        <p className="quiet">
          Of each row the first {counted(places, "box is", "boxes are")} asked;{" "}
          {counted(beyond, "row lists", "rows list")} more.
        </p>
      )}
    </div>
  );
}

interface PartProps extends Pick<Props, "instances" | "within"> {
  asked: Asked;
  onChange(part: Asked): void;
}

function Labels({ column, instances, within = null, asked, onChange }: PartProps & { column: TableColumn }) {
  const source = useBoxSource();
  const categories = useMemo(() => {
    const label = source?.label ?? null;
    const places = label && classPlaces(label);
    const rows = instances.rowsByLabel(asked, within);
    return instances.labels
      .map((value, code) => {
        const at = places?.byName.get(value ?? "") ?? places?.byValue.get(value ?? "");
        const known = at === undefined ? undefined : label?.role.classes?.[at];
        const colour = categoryColour(at ?? code, label && known ? classColour(label, known[0]) : null);
        return { value, name: known?.[1] ?? value ?? "null", count: rows[code], colour };
      })
      .sort((a, b) => b.count - a.count);
  }, [source, instances, asked, within]);
  return (
    <CategoryList
      name={`${column.name}: class of a box, in how many rows`}
      categories={categories}
      chosen={asked.labels ?? []}
      onChoose={(labels) => onChange({ labels })}
    />
  );
}

interface RangeProps extends PartProps {
  name: string;
  title: string;
  measure: Measure;
  rows: number;
}

function Range({ name, title, measure, instances, within = null, asked, rows, onChange }: RangeProps) {
  const edges = useMemo(() => instances.edgesOf(measure, BINS), [instances, measure]);
  const all = useMemo(() => edges && instances.histogram(measure, edges, {}, null), [instances, measure, edges]);
  const left = useMemo(
    () => edges && instances.histogram(measure, edges, asked, within),
    [instances, measure, edges, asked, within],
  );
  useEffect(() => () => usePreview.setState({ mask: null }), []);
  if (!all || !left) return null;
  const set = (low: number | null, high: number | null) => {
    const span: Span | undefined = low === null && high === null ? undefined : { low, high };
    onChange({ [measure]: span });
  };
  return (
    <section aria-label={title}>
      <h3 className="facet-part">{title}</h3>
      <Brush
        name={name}
        what="boxes"
        all={all}
        left={left}
        range={asked[measure] ?? null}
        isRoot={measure !== "confidence"}
        onRange={set}
        preview={{
          show: (low, high) =>
            usePreview.setState({ mask: instances.mask({ ...asked, [measure]: { low, high } }, rows, within) }),
          end: () => usePreview.setState({ mask: null }),
        }}
      />
    </section>
  );
}

function titleOf(measure: Measure, isShare: boolean): string {
  switch (measure) {
    case "area":
      return isShare ? "Area of a box, as a share of its picture" : "Area of a box, in pixels";
    case "aspect":
      return isShare ? "Width by height, both as shares of the picture" : "Width by height";
    case "confidence":
      return "Confidence";
  }
}

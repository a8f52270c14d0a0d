/** The polygon or keypoints of the box in hand: each point can be dragged, or moved with the arrows. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type PointerEvent, useEffect, useState } from "react";
import type { Row } from "../../api/contract";
import { rowsOptions } from "../../api/queries";
import { moved, pointsOf, ringsOf, type ShapeForm, type ShapePoint } from "../../core/shape";
import type { ShownBox } from "../boxes";
import type { BoxSource } from "../columns";
import { useWorkspace } from "../context";
import { useEditing } from "../editing";
import { byKey } from "../row-key";
import type { PictureView } from "./active-box";

const POINT_PX = 4;

interface Props {
  source: BoxSource;
  box: ShownBox;
  view: PictureView;
  canEdit: boolean;
}

export function ActiveShape({ source, box, view, canEdit }: Props) {
  const { at, version } = useWorkspace();
  const shapes = source.table.columns.flatMap((column): { name: string; form: ShapeForm; editable: boolean }[] => {
    const form = column.role.kind === "mask" ? "polygon" : column.role.kind === "keypoints" ? "keypoints" : null;
    return form ? [{ name: column.name, form, editable: column.editable }] : [];
  });
  // A list of boxes in the row of the picture does not tell their shapes: the box's own row does.
  const boxesAt = { dataset: at.dataset, ref: at.ref, table: source.table.name };
  const row = useQuery({
    ...rowsOptions(boxesAt, version, byKey(source.table, box.key)),
    enabled: shapes.length > 0,
    placeholderData: keepPreviousData,
  }).data?.rows[0] as Row | undefined;
  if (row?._key !== box.key) return null;
  return shapes.map(({ name, form, editable }) => (
    <Shape
      key={name}
      column={name}
      form={form}
      row={row}
      source={source}
      view={view}
      colour={box.colour}
      canEdit={canEdit && editable}
    />
  ));
}

interface ShapeProps extends Pick<Props, "source" | "view" | "canEdit"> {
  column: string;
  form: ShapeForm;
  row: Row;
  colour: string;
}

function Shape({ column, form, row, source, view, colour, canEdit }: ShapeProps) {
  const editing = useEditing();
  const [drag, setDrag] = useState<{ point: ShapePoint; x: number; y: number } | null>(null);
  const known = row[column];
  // biome-ignore lint/correctness/useExhaustiveDependencies: another cell is the end of the drag
  useEffect(() => setDrag(null), [known]);
  const cell = drag ? moved(form, row[column], drag.point, drag.x, drag.y) : row[column];
  const at = (x: number, y: number) => `${view.left + x * view.scale},${view.top + y * view.scale}`;
  const write = (point: ShapePoint, x: number, y: number) =>
    editing.apply(
      [
        {
          kind: "set",
          table: source.table.name,
          keys: [row._key],
          cells: { [column]: moved(form, row[column], point, x, y) },
        },
      ],
      `Moved a point of ${column}`,
    );
  const place = (event: PointerEvent<SVGElement>): [number, number] => {
    const box = event.currentTarget.ownerSVGElement?.getBoundingClientRect();
    return [
      (event.clientX - (box?.left ?? 0) - view.left) / view.scale,
      (event.clientY - (box?.top ?? 0) - view.top) / view.scale,
    ];
  };
  const points = pointsOf(form, cell);
  const handlers = (point: ShapePoint) => ({
    onPointerDown: (event: PointerEvent<SVGElement>) => {
      event.stopPropagation();
      event.currentTarget.setPointerCapture(event.pointerId);
      setDrag({ point, x: point.x, y: point.y });
    },
    onPointerMove: (event: PointerEvent<SVGElement>) => {
      if (!drag) return;
      const [x, y] = place(event);
      setDrag({ ...drag, x, y });
    },
    onPointerUp: (event: PointerEvent<SVGElement>) => {
      event.stopPropagation();
      if (!drag) return;
      const isMoved = Math.hypot(drag.x - drag.point.x, drag.y - drag.point.y) * view.scale > 2;
      if (!isMoved) {
        setDrag(null);
        return;
      }
      // The dragged point is shown until the row is read anew.
      void write(drag.point, drag.x, drag.y).then((isDone) => isDone || setDrag(null));
    },
    onKeyDown: (event: KeyboardEvent<SVGElement>) => {
      const step = event.shiftKey ? 10 : 1;
      const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      void write(point, point.x + by[0], point.y + by[1]);
    },
  });
  return (
    <svg className="picture-active picture-shape">
      <title>{column}</title>
      {form === "polygon" &&
        ringsOf(form, cell).map((ring, i) => (
          <polygon
            key={i}
            points={pairs(ring)
              .map(([x, y]) => at(x, y))
              .join(" ")}
            stroke={colour}
          />
        ))}
      {canEdit &&
        points.map((point, i) => (
          // biome-ignore lint/a11y/useSemanticElements: a point of a picture is no button of HTML
          <circle
            key={`${point.ring} ${point.at}`}
            role="button"
            tabIndex={0}
            aria-label={`Point ${i + 1} of ${points.length} of ${column}; arrows move it`}
            cx={view.left + point.x * view.scale}
            cy={view.top + point.y * view.scale}
            r={POINT_PX}
            stroke={colour}
            {...handlers(point)}
          />
        ))}
    </svg>
  );
}

function pairs(ring: readonly number[]): [number, number][] {
  return Array.from({ length: ring.length >> 1 }, (_, i) => [ring[i * 2], ring[i * 2 + 1]]);
}

/** Points in 2D or 3D: pan, zoom, orbit, lasso, box; colour by a column; what is pointed at is shown. */
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { useCommands } from "../../app/commands";
import { usePlace } from "../../app/location";
import type { Bitmask } from "../../core/bitmask";
import { axisSql } from "../../core/filter";
import { insideSql, simplify } from "../../core/polygon";
import { count } from "../../parts/amounts";
import { Failure, Loading } from "../../parts/states";
import { sayFailure } from "../../parts/toasts";
import { type Camera, cameraNumbers, cameraOf, FIT, FIT_3D, orbit, pan, project, zoomAt } from "../../render/camera";
import { makeRenderer, type RendererChoice } from "../../render/choose-renderer";
import type { Renderer } from "../../render/renderer";
import { compute } from "../../worker/compute-client";
import { isNumber } from "../columns";
import { useWorkspace } from "../context";
import { focusRow } from "../focus";
import type { PlotSpec, Scatter } from "../plot-spec";
import { usePreview } from "../preview";
import { rowAt } from "../row-at";
import { byCondition, byKeys, useSelection, type Verb } from "../selection";
import { useFilterMask, usePositions } from "../whole-columns";
import { HoverCard } from "./hover-card";
import { Legend } from "./legend";
import { useLegend } from "./legend-data";
import { usePlotGround } from "./plot-ground";
import { axesOf } from "./scatter-axes";
import { ScatterBar, type Tool } from "./scatter-bar";
import { ScatterTable } from "./scatter-table";
import { Ticks } from "./ticks";

/** A press that moves less is a click. */
const SLOP_PX = 4;
const PICK_PX = 8;

export function ScatterPlot({ plot, onChange }: { plot: Scatter; onChange(plot: PlotSpec): void }) {
  const x = usePositions(plot.x);
  const y = usePositions(plot.y);
  const z = usePositions(plot.z);
  const failed = [x, y, z].find(({ error }) => error !== null);
  if (failed?.error)
    return <Failure error={failed.error} what="The plot's columns" onRetry={() => void failed.refetch()} />;
  if (!x.data || !y.data || (plot.z && !z.data)) return <Loading what={`${plot.x}, ${plot.y}`} />;
  return <Points plot={plot} onChange={onChange} x={x.data} y={y.data} z={plot.z ? (z.data ?? null) : null} />;
}

type Positions = NonNullable<ReturnType<typeof usePositions>["data"]>;

function Points({
  plot,
  onChange,
  x,
  y,
  z,
}: {
  plot: Scatter;
  onChange(plot: PlotSpec): void;
  x: Positions;
  y: Positions;
  z: Positions | null;
}) {
  const workspace = useWorkspace();
  const { query } = usePlace();
  const choice = (query.get("renderer") ?? "auto") as RendererChoice;
  const is3d = z !== null;
  const [tool, setTool] = useState<Tool>(is3d ? "orbit" : "lasso");
  const [camera, setCamera] = useState<Camera>(() => cameraOf(plot.camera, is3d));
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [trail, setTrail] = useState<number[]>([]);
  const [hover, setHover] = useState<{ row: number; x: number; y: number } | null>(null);
  const [isTable, setTable] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [renderer, setRenderer] = useState<Renderer | null>(null);
  const mode = plot.mode ?? "points";
  const ground = usePlotGround();
  const legend = useLegend(plot.colour, x.values.length);
  const sizing = usePositions(plot.sizeBy).data;
  const sizes = useMemo(() => (plot.sizeBy && sizing ? sizesOf(sizing) : null), [plot.sizeBy, sizing]);
  const filterMask = useFilterMask();
  const preview = usePreview((state) => state.mask);
  const selected = useSelection((state) => state.mask);
  const rows = x.values.length;

  const axes = useMemo(() => (z ? [x, y, z] : [x, y]), [x, y, z]);
  const valid = useMemo(() => {
    const masks = [x.valid, y.valid, z?.valid ?? null].filter((mask): mask is Bitmask => mask !== null);
    return masks.length === 0 ? null : masks.reduce((a, b) => a.and(b));
  }, [x, y, z]);
  const shown = useMemo(() => {
    const of = (mask: Bitmask | null | undefined) => (mask?.length === rows ? mask : null);
    const mask = of(preview) ?? (workspace.where === undefined ? null : of(filterMask.data));
    return legend.hidden ? (mask ? mask.andNot(legend.hidden) : legend.hidden.not()) : mask;
  }, [preview, filterMask.data, workspace.where, legend.hidden, rows]);

  // The canvas is new with each back end: one that gave out a kind of context gives no other.
  const canvasKey = `${choice} ${mode}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: canvasKey stands for choice and mode
  useEffect(() => {
    if (!canvas.current) return;
    const made = makeRenderer(canvas.current, compute(), choice, mode);
    setRenderer(made);
    return () => {
      setRenderer(null);
      made.dispose();
    };
  }, [canvasKey]);
  useEffect(
    () => renderer?.setColumns({ x: x.values, y: y.values, z: z?.values ?? null, valid }),
    [renderer, x, y, z, valid],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: new columns want their colours again
  useEffect(() => {
    if (legend.colours) renderer?.setColours({ ...legend.colours, sizes });
  }, [renderer, legend.colours, sizes, x, y, z]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new columns want their masks again
  useEffect(
    () => renderer?.setMasks({ shown, selected: selected?.length === rows ? selected : null }),
    [renderer, shown, selected, rows, x, y, z],
  );
  useEffect(
    () => renderer?.setStyle({ size: plot.size ?? (rows > 200_000 ? 2 : rows > 20_000 ? 3 : 5), mode, ...ground }),
    [renderer, plot.size, mode, ground, rows],
  );
  useEffect(() => {
    if (size.width > 0) renderer?.setCamera(camera, size.width, size.height, Math.min(2, window.devicePixelRatio || 1));
  }, [renderer, camera, size]);

  // The link follows when the picture has come to rest.
  const settled = useRef({ plot, onChange });
  settled.current = { plot, onChange };
  useEffect(() => {
    const timer = setTimeout(() => {
      const { plot: now, onChange: tell } = settled.current;
      const next = cameraNumbers(camera, is3d);
      if (JSON.stringify(next) !== JSON.stringify(now.camera)) tell({ ...now, camera: next });
    }, 700);
    return () => clearTimeout(timer);
  }, [camera, is3d]);

  useEffect(() => {
    if (!frame.current) return;
    const watch = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      setSize({ width: Math.max(1, Math.floor(width)), height: Math.max(1, Math.floor(height)) });
    });
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);
  // React's wheel listener may not hold the page still.
  useEffect(() => {
    const element = frame.current;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element?.getBoundingClientRect();
      if (!box) return;
      const factor = Math.exp(-event.deltaY * 0.0015);
      setCamera((now) =>
        zoomAt(now, factor, event.clientX - box.left, event.clientY - box.top, box.width, box.height, is3d),
      );
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  }, [is3d]);

  const selectPolygon = async (screen: number[], verb: Verb) => {
    if (!renderer) return;
    const [axisX, axisY, toData] = axesOf(plot, x, y, z, camera, size);
    const corners = simplify(screen);
    const polygon: number[] = [];
    for (let i = 0; i < corners.length; i += 2) polygon.push(...toData(corners[i], corners[i + 1]));
    try {
      const mask = await renderer.lasso(corners);
      // Only what is shown is caught: the condition says so, too.
      const inside = insideSql(axisSql(axisX), axisSql(axisY), polygon);
      const where = [`(${inside})`, workspace.where, legend.hiddenSql].filter(Boolean).join(" AND ");
      useSelection.setState(byCondition(useSelection.getState(), verb, mask, where), true);
    } catch (error) {
      sayFailure("The lasso", error);
    }
  };

  const press = useRef<{ x: number; y: number; isDrag: boolean; tool: Tool } | null>(null);
  const placeOf = (event: PointerEvent): [number, number] => {
    const box = frame.current?.getBoundingClientRect();
    return [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)];
  };
  const down = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button > 1) return;
    const [sx, sy] = placeOf(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    press.current = { x: sx, y: sy, isDrag: false, tool: event.button === 1 ? "pan" : tool };
    setHover(null);
  };
  const picking = useRef(false);
  const move = (event: PointerEvent<HTMLDivElement>) => {
    const [sx, sy] = placeOf(event);
    const now = press.current;
    if (!now) {
      if (picking.current || !renderer) return;
      picking.current = true;
      void renderer.pick(sx, sy, PICK_PX).then((row) => {
        picking.current = false;
        setHover((before) => (row < 0 ? null : before?.row === row ? before : { row, x: sx, y: sy }));
      });
      return;
    }
    if (!now.isDrag && Math.hypot(sx - now.x, sy - now.y) < SLOP_PX) return;
    if (!now.isDrag && (now.tool === "lasso" || now.tool === "box")) setTrail([now.x, now.y]);
    now.isDrag = true;
    if (now.tool === "pan" || now.tool === "orbit") {
      const [dx, dy] = [sx - now.x, sy - now.y];
      Object.assign(now, { x: sx, y: sy });
      setCamera((before) =>
        now.tool === "orbit" && is3d ? orbit(before, dx, dy) : pan(before, dx, dy, size.width, size.height, is3d),
      );
    } else if (now.tool === "box") {
      setTrail([now.x, now.y, sx, now.y, sx, sy, now.x, sy]);
    } else {
      setTrail((before) => [...before, sx, sy]);
    }
  };
  const up = async (event: PointerEvent<HTMLDivElement>) => {
    const now = press.current;
    press.current = null;
    const [sx, sy] = placeOf(event);
    const verb: Verb = event.altKey ? "subtract" : event.shiftKey || event.ctrlKey || event.metaKey ? "add" : "replace";
    if (now && !now.isDrag && renderer) {
      const row = await renderer.pick(sx, sy, PICK_PX);
      if (row < 0) return;
      const found = await rowAt(workspace, row);
      if (!found) return;
      focusRow(found._key, row);
      if (verb !== "replace") {
        useSelection.setState(
          byKeys(useSelection.getState(), verb === "add" ? "toggle" : "subtract", [{ row, key: found._key }], rows),
          true,
        );
      }
    } else if (now && trail.length >= 6) {
      await selectPolygon(trail, verb);
    }
    setTrail([]);
  };
  const fit = () => setCamera(is3d ? FIT_3D : FIT);
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    const zoom = { "+": 1.25, "=": 1.25, "-": 0.8 }[event.key];
    if (by)
      setCamera((now) =>
        tool === "orbit" && is3d ? orbit(now, by[0], by[1]) : pan(now, by[0], by[1], size.width, size.height, is3d),
      );
    else if (zoom)
      setCamera((now) => zoomAt(now, zoom, size.width / 2, size.height / 2, size.width, size.height, is3d));
    else if (event.key === "Enter") {
      // The keyboard's lasso: all that is on the screen.
      void selectPolygon(
        [0, 0, size.width, 0, size.width, size.height, 0, size.height],
        event.shiftKey ? "add" : event.altKey ? "subtract" : "replace",
      );
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  useCommands([
    { id: "tool-pan", title: "Pan", group: "Plots", keys: "V", run: () => setTool("pan") },
    { id: "tool-lasso", title: "Lasso", group: "Plots", keys: "L", run: () => setTool("lasso") },
    { id: "tool-box", title: "Select by a box", group: "Plots", keys: "B", run: () => setTool("box") },
    { id: "tool-orbit", title: "Orbit (3D)", group: "Plots", keys: "O", run: () => setTool("orbit") },
    { id: "tool-fit", title: "Fit the plot", group: "Plots", keys: "F", run: fit },
  ]);
  const save = async () => {
    if (!renderer) return;
    const url = URL.createObjectURL(await renderer.toPng());
    const link = Object.assign(document.createElement("a"), { href: url, download: `${plot.x}-${plot.y}.png` });
    link.click();
    URL.revokeObjectURL(url);
  };
  const shownCount = useMemo(() => {
    const mask = shown && valid ? shown.and(valid) : (shown ?? valid);
    return mask ? mask.count() : rows;
  }, [shown, valid, rows]);
  const lacking = rows - (valid ? valid.count() : rows);
  return (
    <div className="plot">
      <ScatterBar
        plot={plot}
        is3d={is3d}
        tool={tool}
        colours={legend.choices}
        numbers={workspace.columns.filter(isNumber).map(({ name }) => name)}
        isTable={isTable}
        onTable={() => setTable(!isTable)}
        onTool={setTool}
        onFit={fit}
        onChange={onChange}
        onSave={() => void save()}
      />
      {isTable && <ScatterTable plot={plot} axes={axes} legend={legend} shown={shown} selected={selected} />}
      <div className="plot-main" hidden={isTable}>
        <div
          ref={frame}
          className={`plot-frame tool-${tool}`}
          role="application"
          aria-label={`Scatter plot of ${plot.x} and ${plot.y}${plot.z ? ` and ${plot.z}` : ""}. Arrows pan, plus and minus zoom, Enter selects all that is on the screen. The button “As a table” tells it in numbers.`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the plot is worked with keys
          tabIndex={0}
          onPointerDown={down}
          onPointerMove={move}
          onPointerUp={(event) => void up(event)}
          onPointerLeave={() => setHover(null)}
          onKeyDown={keys}
        >
          <canvas key={canvasKey} ref={canvas} className="plot-canvas" data-renderer={renderer?.name} />
          {!is3d && size.width > 0 && (
            <Ticks projection={project(camera, size.width, size.height, false)} x={x} y={y} {...size} />
          )}
          {trail.length >= 4 && (
            <svg className="plot-trail" aria-hidden>
              <polygon points={trail.join(" ")} />
            </svg>
          )}
          {hover && <HoverCard row={hover.row} x={hover.x} y={hover.y} colour={plot.colour} />}
        </div>
        <Legend legend={legend} />
      </div>
      <p className="plot-words" aria-live="polite">
        {count(shownCount)} of {count(rows)} points{lacking > 0 ? `; ${count(lacking)} rows have no place` : ""}
        {plot.sizeBy ? `, larger by ${plot.sizeBy}` : ""}
        {selected && selected.length === rows ? `, ${count(selected.count())} selected` : ""}
      </p>
    </div>
  );
}

/** Sizes of the points, by a column; a row without a number has the smallest. */
function sizesOf({ values, valid }: Positions): Uint8Array {
  const sizes = new Uint8Array(values.length);
  for (let row = 0; row < values.length; row++) if (!valid || valid.get(row)) sizes[row] = values[row] >> 8;
  return sizes;
}

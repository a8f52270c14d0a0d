/** The row's picture with its boxes: zoom, pan, draw, move, resize, relabel, delete. */

import { useQuery } from "@tanstack/react-query";
import {
  type KeyboardEvent,
  type PointerEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Cell, Row } from "../../api/contract";
import { rowsOptions } from "../../api/queries";
import { fileUrl } from "../../api/urls";
import { boxAt, clampTo, HANDLES, handleAt, iou, resize } from "../../core/box";
import { counted } from "../../parts/amounts";
import { say } from "../../parts/toasts";
import { inlineBoxes, linkSql, type ShownBox, shownBoxes, useBoxSource } from "../boxes";
import { classText, imageColumn } from "../columns";
import { useWorkspace } from "../context";
import { ActiveBox, HANDLE_PX, type PictureView } from "./active-box";
import { ActiveShape } from "./active-shape";
import { type BoxDrag, dragged } from "./box-drag";
import { useBoxEdits } from "./box-edits";
import { GuessBar } from "./guess-bar";
import { useGuesses } from "./guesses";
import { useNudges } from "./nudges";
import { paintBoxes } from "./paint-boxes";
import { PictureBar, type PictureTool } from "./picture-bar";

const BOXES_MAX = 10_000;

export default function Picture({ row }: { row: Row }) {
  const workspace = useWorkspace();
  const { table, at, version, readOnly } = workspace;
  const source = useBoxSource();
  const image = imageColumn(table);
  const file = image ? row[image.name] : null;
  const url = typeof file === "string" ? fileUrl(at.dataset, at.ref, file) : null;
  const [size, setSize] = useState<{ width: number; height: number; file: Cell } | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [view, setView] = useState<PictureView | null>(null);
  const [tool, setTool] = useState<PictureTool>("edit");
  const [active, setActive] = useState<string | null>(null);
  const [drag, setDrag] = useState<BoxDrag | null>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const where = source ? linkSql(source, [row]) : undefined;
  const asked = useQuery({
    ...rowsOptions({ dataset: at.dataset, ref: at.ref, table: source?.table.name ?? "" }, version, {
      where,
      offset: 0,
      limit: BOXES_MAX,
    }),
    enabled: where !== undefined,
    placeholderData: (before) => before,
  });
  // The first edit shows the same file in the draft: it is not another picture.
  const isHere = size !== null && size.file === file;
  const all = useMemo(() => {
    if (!source || !isHere) return [];
    return source.inline ? inlineBoxes(source, row, size) : shownBoxes(source, (asked.data?.rows ?? []) as Row[], size);
  }, [source, asked.data, size, isHere, row]);
  const boxes = useMemo(() => all.filter(({ label }) => !hidden.has(String(label))), [all, hidden]);
  const isHidden = useCallback((label: string) => hidden.has(label), [hidden]);
  const guesses = useGuesses(source, row, isHere ? size : null, all, isHidden);
  const [activeGuess, setActiveGuess] = useState<string | null>(null);
  const guess = guesses.shown.find(({ key }) => key === activeGuess) ?? null;
  const current = boxes.find(({ key }) => key === active) ?? null;
  const { nudged, nudge } = useNudges(all);
  const placed = nudged && nudged.key === current?.key ? nudged : null;
  const shownBox = drag ? dragged(drag, size) : (placed?.box ?? current?.box ?? null);

  const fitPicture = useMemo(
    () => () => {
      const box = frame.current;
      if (!box || !size) return;
      const scale = Math.min(box.clientWidth / size.width, box.clientHeight / size.height);
      setView({
        scale,
        left: (box.clientWidth - size.width * scale) / 2,
        top: (box.clientHeight - size.height * scale) / 2,
      });
    },
    [size],
  );
  useLayoutEffect(fitPicture, [fitPicture]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another picture has other boxes
  useEffect(() => {
    setActive(null);
    setActiveGuess(null);
    setDrag(null);
  }, [row._key, file]);

  useEffect(() => {
    if (canvas.current && frame.current && view) {
      paintBoxes(
        canvas.current,
        frame.current,
        boxes.filter(({ key }) => key !== active || !shownBox),
        guesses.shown,
        view,
      );
    }
  }, [boxes, guesses.shown, view, active, shownBox]);

  useEffect(() => {
    const element = frame.current;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element?.getBoundingClientRect();
      if (!box) return;
      setView(
        (now) =>
          now && zoomed(now, Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top),
      );
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  }, []);

  const { write, insert, relabel, remove, accept } = useBoxEdits({ source, row, size, all, current });
  const canEdit = readOnly === null && source?.box.editable === true;
  const place = (event: PointerEvent): [number, number] => {
    const box = frame.current?.getBoundingClientRect();
    if (!box || !view) return [0, 0];
    return [(event.clientX - box.left - view.left) / view.scale, (event.clientY - box.top - view.top) / view.scale];
  };
  const panning = useRef<{ x: number; y: number } | null>(null);
  const down = (event: PointerEvent<HTMLDivElement>) => {
    if (!view || !size) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const [x, y] = place(event);
    if (tool === "pan" || event.button === 1) {
      panning.current = { x: event.clientX, y: event.clientY };
      return;
    }
    if (tool === "draw" && canEdit) {
      setActive(null);
      setDrag({ kind: "draw", from: [x, y], to: [x, y] });
      return;
    }
    const handle =
      current && canEdit
        ? HANDLES.find((one) => near(handleAt(current.box, one), x, y, HANDLE_PX / view.scale))
        : undefined;
    if (current && handle) {
      setDrag({ kind: "resize", box: current.box, handle, from: [x, y], to: [x, y] });
      return;
    }
    const hit = boxAt(
      boxes.map(({ box }) => box),
      x,
      y,
      3 / view.scale,
    );
    if (hit < 0) {
      setActive(null);
      const guessed = boxAt(
        guesses.shown.map(({ box }) => box),
        x,
        y,
      );
      setActiveGuess(guesses.shown[guessed]?.key ?? null);
      panning.current = { x: event.clientX, y: event.clientY };
      return;
    }
    const target = current && boxAt([current.box], x, y) === 0 ? current : boxes[hit];
    setActive(target.key);
    setActiveGuess(null);
    if (canEdit) setDrag({ kind: "move", box: target.box, from: [x, y], to: [x, y] });
  };
  const move = (event: PointerEvent<HTMLDivElement>) => {
    if (panning.current) {
      const { x, y } = panning.current;
      panning.current = { x: event.clientX, y: event.clientY };
      setView((now) => now && { ...now, left: now.left + event.clientX - x, top: now.top + event.clientY - y });
    } else if (drag) setDrag({ ...drag, to: place(event) });
  };
  const up = () => {
    panning.current = null;
    if (!drag) return;
    const box = dragged(drag, size);
    const moved = Math.hypot(drag.to[0] - drag.from[0], drag.to[1] - drag.from[1]) * (view?.scale ?? 1);
    if (moved < 3 || !box) {
      setDrag(null);
      return;
    }
    // The dragged shape is shown until the service has it.
    const done =
      drag.kind === "draw" ? insert(box) : write(box, drag.kind === "move" ? "Moved a box" : "Resized a box");
    void done.finally(() => {
      setDrag(null);
      if (drag.kind === "draw") setTool("edit");
    });
  };

  const removeActive = () => {
    setActive(null);
    remove();
  };
  const acceptAll = (wanted: readonly ShownBox[]) => {
    setActiveGuess(null);
    const truthOf = (one: ShownBox) => all[guesses.matching.truths[guesses.shown.indexOf(one)]] ?? null;
    void accept(wanted.map((one) => ({ guess: one, truth: truthOf(one) })));
  };
  const keys = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 10 : 1;
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    const classes = source?.label?.role.classes ?? [];
    if (event.ctrlKey || event.metaKey) return;
    if (by && current && canEdit && size) {
      const from = placed?.box ?? current.box;
      const box = event.altKey ? resize(from, "se", by[0], by[1]) : { ...from, x: from.x + by[0], y: from.y + by[1] };
      const isResized = event.altKey || placed?.isResized === true;
      void nudge({ key: current.key, box: clampTo(box, size.width, size.height), isResized }, (one) =>
        write(one.box, one.isResized ? "Resized a box" : "Moved a box", one.isResized),
      );
    } else if (by) setView((now) => now && { ...now, left: now.left - by[0] * 20, top: now.top - by[1] * 20 });
    else if ((event.key === "n" || event.key === "p") && boxes.length > 0) {
      const here = boxes.findIndex(({ key }) => key === active);
      setActive(boxes[(here + (event.key === "n" ? 1 : -1) + boxes.length) % boxes.length].key);
      setActiveGuess(null);
    } else if (event.key === "g" && guesses.shown.length > 0) {
      const here = guesses.shown.findIndex(({ key }) => key === activeGuess);
      setActiveGuess(guesses.shown[(here + 1) % guesses.shown.length].key);
      setActive(null);
    } else if (event.key === "a" && guess && canEdit) acceptAll([guess]);
    else if (event.key === "A" && canEdit && guesses.shown.length > 0) acceptAll(guesses.shown);
    else if ((event.key === "Delete" || event.key === "x") && current && canEdit) removeActive();
    else if (/^[1-9]$/.test(event.key) && current && canEdit && classes[Number(event.key) - 1])
      relabel(classes[Number(event.key) - 1][0] ?? "");
    else if (event.key === "b" && canEdit) setTool(tool === "draw" ? "edit" : "draw");
    else if (event.key === "f") fitPicture();
    else if (event.key === "+" || event.key === "-") {
      const box = frame.current;
      if (box)
        setView((now) => now && zoomed(now, event.key === "+" ? 1.25 : 0.8, box.clientWidth / 2, box.clientHeight / 2));
    } else if (event.key === "Escape" && (current || guess || tool === "draw")) {
      setActive(null);
      setActiveGuess(null);
      setTool("edit");
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  if (!url) return <p className="picture-missing quiet">The row names no picture.</p>;
  const labels = source?.label ? [...new Set(all.map(({ label }) => String(label)))] : [];
  const over = current
    ? Math.max(0, ...boxes.filter(({ key }) => key !== active).map(({ box }) => iou(box, shownBox ?? box)))
    : 0;
  return (
    <section className="inspector-part picture-part" aria-label="Picture">
      <PictureBar
        tool={tool}
        canEdit={canEdit}
        label={source?.label ?? null}
        labels={labels}
        current={current}
        onTool={setTool}
        onFit={fitPicture}
        onRelabel={relabel}
        onRemove={removeActive}
      >
        {size && isHere ? `${size.width} × ${size.height}` : ""}
        {source ? `, ${counted(all.length, "box", "boxes")}` : ""}
        {current && over > 0 ? `, IoU ${over.toFixed(2)}` : ""}
      </PictureBar>
      <div
        ref={frame}
        className={`picture-frame tool-${tool}`}
        role="application"
        aria-label={`Picture ${String(file)} with ${counted(boxes.length, "box", "boxes")}. N and P go through the boxes, arrows move, Alt and arrows resize, 1 to 9 set the class, Delete removes, B draws${guesses.run === null ? "" : "; G goes through the predicted ones, A accepts"}.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the picture is worked with keys
        tabIndex={0}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onKeyDown={keys}
        onDoubleClick={fitPicture}
      >
        {failed === url ? (
          <p className="picture-missing">
            <bdi>{String(file)}</bdi> is missing, or no picture that a browser can show.
          </p>
        ) : (
          <img
            src={url}
            alt=""
            draggable={false}
            onLoad={(event) => {
              const { naturalWidth: width, naturalHeight: height } = event.currentTarget;
              const isSame = size?.file === file && size.width === width && size.height === height;
              if (!isSame) setSize({ width, height, file });
            }}
            onError={() => {
              setFailed(url);
              say("The picture could not be read");
            }}
            style={
              view && size
                ? {
                    transform: `translate(${view.left}px, ${view.top}px) scale(${view.scale})`,
                    width: size.width,
                    height: size.height,
                  }
                : { visibility: "hidden" }
            }
            className={view && view.scale > 3 ? "is-large" : undefined}
          />
        )}
        <canvas ref={canvas} aria-hidden />
        {shownBox && view && (
          <ActiveBox
            box={shownBox}
            view={view}
            colour={current?.colour ?? "var(--accent)"}
            hasHandles={canEdit && !drag}
          />
        )}
        {source && current && view && !drag && (
          <ActiveShape source={source} box={current} view={view} canEdit={canEdit} />
        )}
        {guess && view && <ActiveBox box={guess.box} view={view} colour={guess.colour} hasHandles={false} />}
      </div>
      <GuessBar guesses={guesses} current={guess} canEdit={canEdit} onAccept={acceptAll} />
      {labels.length > 1 && (
        <div className="row-line picture-classes">
          {labels.slice(0, 30).map((label) => (
            <label key={label} className="row-line tight">
              <input
                type="checkbox"
                checked={!hidden.has(label)}
                onChange={() => {
                  const next = new Set(hidden);
                  if (!next.delete(label)) next.add(label);
                  setHidden(next);
                }}
              />
              <bdi>{source?.label ? classText(source.label, label) : label}</bdi>
            </label>
          ))}
        </div>
      )}
    </section>
  );
}

const near = ([hx, hy]: [number, number], x: number, y: number, reach: number) =>
  Math.abs(hx - x) <= reach && Math.abs(hy - y) <= reach;

function zoomed(view: PictureView, factor: number, x: number, y: number) {
  const scale = Math.min(40, Math.max(0.02, view.scale * factor));
  const real = scale / view.scale;
  return { scale, left: x - (x - view.left) * real, top: y - (y - view.top) * real };
}

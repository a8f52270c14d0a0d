// @vitest-environment happy-dom
import { act, createElement } from "react";
import { createRoot } from "react-dom/client";
import { expect, test } from "vitest";
import type { ShownBox } from "../boxes";
import { type Nudged, useNudges } from "./nudges";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const at = (x: number) => ({ x, y: 0, width: 5, height: 5 });
const read = (x: number) => [{ key: "a", box: at(x) } as ShownBox];

let hook = {} as ReturnType<typeof useNudges>;

function Probe({ boxes }: { boxes: readonly ShownBox[] }) {
  hook = useNudges(boxes);
  return null;
}

test("presses while an edit is under way are one edit together, and none is lost", async () => {
  const root = createRoot(document.createElement("div"));
  const draw = (x: number) => act(async () => root.render(createElement(Probe, { boxes: read(x) })));
  await draw(0);
  const written: number[] = [];
  const answers: (() => void)[] = [];
  const press = () =>
    act(async () => {
      const next: Nudged = { key: "a", box: at((hook.nudged?.box.x ?? 0) + 1), isResized: false };
      void hook.nudge(next, async ({ box }) => {
        written.push(box.x);
        await new Promise<void>((answer) => answers.push(answer));
        return true;
      });
    });
  for (let i = 0; i < 4; i++) await press();
  expect(written).toEqual([1]);
  await act(async () => answers[0]());
  expect(written).toEqual([1, 4]);
  // The first edit is read back after the last one was made: it is not where the box is.
  await act(async () => answers[1]());
  await draw(1);
  expect(hook.nudged?.box.x).toBe(4);
  await draw(4);
  expect(hook.nudged).toBeNull();
  act(() => root.unmount());
});

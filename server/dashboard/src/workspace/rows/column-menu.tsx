/** Shows, hides, moves and pins columns. */
import { Popover } from "@base-ui/react/popover";
import { ArrowDown, ArrowUp, Columns3, Pin } from "lucide-react";
import { useShownColumns } from "./shown-columns";

export function ColumnMenu() {
  const { shown, hidden, pinned, set } = useShownColumns();
  const names = shown.map(({ name }) => name);
  const move = (from: number, by: number) => {
    const next = [...names];
    const [name] = next.splice(from, 1);
    next.splice(from + by, 0, name);
    set(next);
  };
  return (
    <Popover.Root>
      <Popover.Trigger className="button">
        <Columns3 size={14} aria-hidden /> Columns
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={4} align="start">
          <Popover.Popup className="menu column-menu" aria-label="Columns">
            {shown.map(({ name }, i) => (
              <div key={name} className="row-line">
                <label className="row-line">
                  <input
                    type="checkbox"
                    checked
                    onChange={() =>
                      set(
                        names.filter((other) => other !== name),
                        Math.min(pinned, names.length - 1),
                      )
                    }
                  />
                  <bdi>{name}</bdi>
                </label>
                <span className="push row-line tight">
                  <button
                    type="button"
                    className="button plain icon"
                    aria-label={`Pin the columns up to ${name}`}
                    aria-pressed={i < pinned}
                    onClick={() => set(names, pinned === i + 1 ? 0 : i + 1)}
                  >
                    <Pin size={12} aria-hidden />
                  </button>
                  <button
                    type="button"
                    className="button plain icon"
                    aria-label={`Move ${name} forward`}
                    disabled={i === 0}
                    onClick={() => move(i, -1)}
                  >
                    <ArrowUp size={12} aria-hidden />
                  </button>
                  <button
                    type="button"
                    className="button plain icon"
                    aria-label={`Move ${name} back`}
                    disabled={i === names.length - 1}
                    onClick={() => move(i, 1)}
                  >
                    <ArrowDown size={12} aria-hidden />
                  </button>
                </span>
              </div>
            ))}
            {hidden.map(({ name }) => (
              <label key={name} className="row-line">
                <input type="checkbox" checked={false} onChange={() => set([...names, name])} />
                <bdi>{name}</bdi>
              </label>
            ))}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

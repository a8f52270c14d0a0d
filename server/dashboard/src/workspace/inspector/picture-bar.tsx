/** The tools of a picture, and the class of the box in hand. */
import { Hand, Maximize, Square } from "lucide-react";
import type { ReactNode } from "react";
import type { TableColumn } from "../../api/contract";
import type { ShownBox } from "../boxes";

export type PictureTool = "edit" | "draw" | "pan";

interface Props {
  tool: PictureTool;
  canEdit: boolean;
  /** The column of the boxes' classes. */
  label: TableColumn | null;
  /** The classes that the picture's boxes have. */
  labels: readonly string[];
  current: ShownBox | null;
  onTool(tool: PictureTool): void;
  onFit(): void;
  onRelabel(value: string): void;
  onRemove(): void;
  children: ReactNode;
}

export function PictureBar(props: Props) {
  const { tool, canEdit, label, labels, current, onTool, onFit, onRelabel, onRemove, children } = props;
  return (
    <div className="plot-bar" role="toolbar" aria-label="Picture tools">
      {canEdit && (
        <button
          type="button"
          className="button icon"
          aria-pressed={tool === "draw"}
          aria-label="Draw a box (B)"
          title="Draw a box (B)"
          onClick={() => onTool(tool === "draw" ? "edit" : "draw")}
        >
          <Square size={14} aria-hidden />
        </button>
      )}
      <button
        type="button"
        className="button icon"
        aria-pressed={tool === "pan"}
        aria-label="Pan"
        title="Pan"
        onClick={() => onTool(tool === "pan" ? "edit" : "pan")}
      >
        <Hand size={14} aria-hidden />
      </button>
      <button type="button" className="button icon" aria-label="Fit (F)" title="Fit (F)" onClick={onFit}>
        <Maximize size={14} aria-hidden />
      </button>
      {current && label && (
        <select
          className="field"
          aria-label="Class of the box"
          disabled={!canEdit}
          value={String(current.label)}
          onChange={(event) => onRelabel(event.target.value)}
        >
          {!(label.role.classes ?? []).some(([one]) => one === String(current.label)) && (
            <option>{String(current.label)}</option>
          )}
          {(label.role.classes ?? labels.map((one) => [one, one])).map(([one, name]) => (
            <option key={one} value={one ?? ""}>
              {name ?? one}
            </option>
          ))}
        </select>
      )}
      {current && canEdit && (
        <button type="button" className="button danger" onClick={onRemove}>
          Delete
        </button>
      )}
      <span className="quiet push">{children}</span>
    </div>
  );
}

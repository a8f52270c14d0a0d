/** A row's picture, small, with its boxes; where there is none, the reason. */
import { ImageOff } from "lucide-react";
import { memo, useState } from "react";
import type { Row } from "../../api/contract";
import { thumbnailUrl } from "../../api/urls";
import type { ShownBox } from "../boxes";
import { imageColumn } from "../columns";
import { useWorkspace } from "../context";

interface Props {
  row: Row;
  size: number;
  boxes: readonly ShownBox[];
}

export const Thumbnail = memo(function Thumbnail({ row, size, boxes }: Props) {
  const { table, at } = useWorkspace();
  const [failed, setFailed] = useState<string | null>(null);
  const image = imageColumn(table);
  const file = image ? row[image.name] : null;
  if (typeof file !== "string" || file === "") return <NoPicture size={size} why="the row names no picture" />;
  const url = thumbnailUrl(at.dataset, at.ref, file, size * (window.devicePixelRatio > 1 ? 2 : 1));
  if (failed === url) return <NoPicture size={size} why={`${file} is missing or no picture that can be read`} />;
  return (
    <span className="thumbnail" style={{ width: size, height: size }}>
      <img
        src={url}
        alt=""
        loading="lazy"
        decoding="async"
        onError={() => setFailed(url)}
        style={{ maxWidth: size, maxHeight: size }}
      />
      {boxes.length > 0 && boxes[0].image && (
        <svg
          viewBox={`0 0 ${boxes[0].image.width} ${boxes[0].image.height}`}
          preserveAspectRatio="xMidYMid meet"
          aria-hidden
        >
          {boxes.slice(0, 200).map(({ key, box, colour }) => (
            <rect
              key={key}
              x={box.x}
              y={box.y}
              width={box.width}
              height={box.height}
              stroke={colour}
              vectorEffect="non-scaling-stroke"
            />
          ))}
        </svg>
      )}
    </span>
  );
});

function NoPicture({ size, why }: { size: number; why: string }) {
  return (
    <span className="thumbnail is-missing" style={{ width: size, height: size }} title={why}>
      <ImageOff size={Math.min(20, size / 2)} aria-hidden />
      <span className="unseen">{why}</span>
    </span>
  );
}

/** Saves a chart of SVG as a picture: with its colours as they are seen, at twice its size. */
import { Download } from "lucide-react";
import { useRef } from "react";
import { sayFailure } from "./toasts";

const SCALE = 2;
/** What the page's style sheets say of a chart's parts, and a picture by itself would not know. */
const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size"];

/** Saves the charts of the plot that it stands in. */
export function SaveChart({ name }: { name: string }) {
  const button = useRef<HTMLButtonElement>(null);
  const save = async () => {
    const charts = button.current?.closest(".plot")?.querySelectorAll<SVGSVGElement>("svg.chart") ?? [];
    try {
      for (const [i, chart] of [...charts].entries()) {
        const url = URL.createObjectURL(await chartPng(chart));
        const download = `${name}${i > 0 ? `-${i + 1}` : ""}.png`;
        Object.assign(document.createElement("a"), { href: url, download }).click();
        URL.revokeObjectURL(url);
      }
    } catch (error) {
      sayFailure("Saving the chart", error);
    }
  };
  return (
    <button
      ref={button}
      type="button"
      className="button icon plain save-chart"
      aria-label={`Save ${name} as PNG`}
      title="Save as PNG"
      onClick={() => void save()}
    >
      <Download size={14} aria-hidden />
    </button>
  );
}

async function chartPng(svg: SVGSVGElement): Promise<Blob> {
  const { width, height } = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const seen = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, i) => {
    const style = getComputedStyle(seen[i]);
    const text = STYLES.map((property) => `${property}:${style.getPropertyValue(property)}`).join(";");
    element.setAttribute("style", text);
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: width * SCALE, height: height * SCALE });
  const context = canvas.getContext("2d");
  if (!context) throw new Error("the browser draws no pictures");
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the canvas gave no picture"))), "image/png");
  });
}

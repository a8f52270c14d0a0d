/** Pictures of plots as they were drawn before, and whether a plot still looks like that. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("pictures", import.meta.url));
/** A channel may be so far off: a palette is mixed in floating point. */
const NEAR = 24;
/** So many of a thousand pixels may be further off. */
const OFF_MAX = 2;

/**
 * What differs between a canvas and its stored picture, as a sentence; null where they are alike. With `UPDATE=1`
 * the picture is stored anew.
 */
export async function pictureDiffers(canvas, name) {
  const path = join(FOLDER, `${name}.png`);
  const now = await canvas.evaluate((element) => element.toDataURL("image/png"));
  if (process.env.UPDATE) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(path, Buffer.from(now.split(",")[1], "base64"));
    return null;
  }
  const stored = `data:image/png;base64,${readFileSync(path).toString("base64")}`;
  const { sizes, off } = await canvas.evaluate(
    async (_, { pictures, near }) => {
      const read = async (url) => {
        const image = Object.assign(new Image(), { src: url });
        await image.decode();
        const copy = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
        const context = copy.getContext("2d");
        context.drawImage(image, 0, 0);
        return context.getImageData(0, 0, image.width, image.height);
      };
      const [before, after] = await Promise.all(pictures.map(read));
      const sizes = [before, after].map(({ width, height }) => `${width} × ${height}`);
      if (sizes[0] !== sizes[1]) return { sizes, off: 1000 };
      let count = 0;
      for (let i = 0; i < before.data.length; i += 4) {
        const isOff = [0, 1, 2].some((channel) => Math.abs(before.data[i + channel] - after.data[i + channel]) > near);
        if (isOff) count++;
      }
      return { sizes, off: (count * 4000) / before.data.length };
    },
    { pictures: [stored, now], near: NEAR },
  );
  if (sizes[0] !== sizes[1]) return `${name} was ${sizes[0]} pixels and is ${sizes[1]}`;
  return off > OFF_MAX ? `${name}: ${off.toFixed(1)} of a thousand pixels differ` : null;
}

/** Images, of which only the bytes are known. */
import { readFileSync } from "node:fs";
import { implemented } from "./implemented";

type Known = "isEmpty" | "getSize" | "setTemplateImage" | "isTemplateImage" | "toPNG" | "toDataURL";

export class NativeImage implements Pick<Electron.NativeImage, Known> {
  private template = false;

  constructor(
    private readonly bytes: Buffer,
    private readonly size = { width: 16, height: 16 },
  ) {
    return implemented("NativeImage", this);
  }

  isEmpty(): boolean {
    return this.bytes.length === 0;
  }

  getSize(): Electron.Size {
    return this.isEmpty() ? { width: 0, height: 0 } : this.size;
  }

  resize(options: Electron.ResizeOptions): NativeImage {
    const { width = this.size.width, height = this.size.height } = options;
    return new NativeImage(this.bytes, { width, height });
  }

  setTemplateImage(option: boolean): void {
    this.template = option;
  }

  isTemplateImage(): boolean {
    return this.template;
  }

  toPNG(): Buffer {
    return this.bytes;
  }

  toDataURL(): string {
    return `data:image/png;base64,${this.bytes.toString("base64")}`;
  }
}

/** Empty if there is no such file, as in Electron. */
function fromPath(path: string): NativeImage {
  try {
    return new NativeImage(readFileSync(path));
  } catch {
    return new NativeImage(Buffer.alloc(0));
  }
}

/** Throws where Electron does: an icon's file that is not there. */
export function imageOf(image: NativeImage | string): NativeImage {
  if (image instanceof NativeImage) return image;
  const read = fromPath(image);
  if (read.isEmpty()) throw new Error(`Failed to load image from path '${image}'`);
  return read;
}

/** The module `nativeImage`. */
export const nativeImage = implemented("nativeImage", {
  createEmpty: () => new NativeImage(Buffer.alloc(0)),
  createFromPath: fromPath,
  createFromBuffer: (bytes: Buffer) => new NativeImage(bytes),
  createFromDataURL: (url: string) => new NativeImage(Buffer.from(url.slice(url.indexOf(",") + 1), "base64")),
});

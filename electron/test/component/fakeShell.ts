/** The desktop shell as the page sees it, played by a test. */
import { act } from "@testing-library/react";
import type { CoworkBridge } from "../../src/shared/bridge";

export class FakeShell implements CoworkBridge {
  readonly version = "9.8.7";
  readonly platform = "linux";
  /** How often the page has said that it hears. */
  readies = 0;
  private readonly commands = new Set<(id: string) => void>();
  private readonly paths = new Set<(path: string) => void>();

  onCommand(listener: (id: string) => void): () => void {
    this.commands.add(listener);
    return () => this.commands.delete(listener);
  }

  onShow(listener: (path: string) => void): () => void {
    this.paths.add(listener);
    return () => this.paths.delete(listener);
  }

  ready(): void {
    if (this.listening === 2) this.readies += 1;
  }

  get listening(): number {
    return this.commands.size + this.paths.size;
  }

  /** Somebody has chosen it in the menu. */
  command = (id: string) => act(() => this.commands.forEach((hear) => hear(id)));

  show = (path: string) => act(() => this.paths.forEach((hear) => hear(path)));
}

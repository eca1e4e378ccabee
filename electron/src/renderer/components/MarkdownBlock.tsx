/** One block of Markdown as elements: HTML stays the text that it is, no picture comes from elsewhere, links lead outside. */
import { createContext, use, useId, type ComponentProps, type ReactNode } from "react";
import ReactMarkdown, { defaultUrlTransform, type Components, type Options } from "react-markdown";
import remarkGfm from "remark-gfm";
import { classes } from "./classes";
import { CodeBlock } from "./CodeBlock";
import { remarkBreaks } from "./markdownBreaks";
import styles from "./Markdown.module.css";

const PLUGINS: NonNullable<Options["remarkPlugins"]> = [
  // "~5 to ~10" is about five to ten.
  [remarkGfm, { singleTilde: false }],
  remarkBreaks,
];
const OUTSIDE = /^(https?:|mailto:)/i;
/** Where the server has pictures; the app's own views are none. */
const OWN_PICTURE = /^\/api\/v1\/(?!\/)/;

interface BlockProps {
  text: string;
  /** Of its heading. */
  level: number;
  remarkPlugins?: Options["remarkPlugins"];
  rehypePlugins?: Options["rehypePlugins"];
}

export function MarkdownBlock({ text, level, remarkPlugins, rehypePlugins }: BlockProps) {
  const id = useId();
  return (
    <Level value={level}>
      <ReactMarkdown
        components={COMPONENTS}
        remarkPlugins={[...PLUGINS, ...(remarkPlugins ?? [])]}
        rehypePlugins={rehypePlugins ?? []}
        // The ids of notes are of this block alone.
        remarkRehypeOptions={{ clobberPrefix: id }}
        urlTransform={addressOf}
      >
        {text}
      </ReactMarkdown>
    </Level>
  );
}

const addressOf = (url: string, name: string): string =>
  name === "src" && isOwnPicture(url) ? url : defaultUrlTransform(url);

const isOwnPicture = (url: string): boolean => /^data:image\//i.test(url) || OWN_PICTURE.test(url);

const Level = createContext(3);
const InLink = createContext(false);

/** As large as its author means it, and of the level that is its own here. */
function heading(size: string | undefined) {
  return function Heading({ children }: { children?: ReactNode }) {
    const Tag = `h${use(Level)}` as "h3" | "h4" | "h5" | "h6";
    return <Tag className={classes(styles.heading, size)}>{children}</Tag>;
  };
}

const COMPONENTS: Components = {
  h1: heading(styles.first),
  h2: heading(styles.second),
  h3: heading(undefined),
  h4: heading(undefined),
  h5: heading(undefined),
  h6: heading(undefined),
  a: ({ href, children, ...rest }) =>
    "data-footnote-backref" in rest ? null : <Outside href={href}>{children}</Outside>,
  img: ({ src, alt }) => <Picture src={src} alt={alt} />,
  pre: ({ children }) => children,
  code: ({ className, children }) => <Code className={className}>{children}</Code>,
  table: ({ children }) => (
    // Focusable, since it scrolls sideways where it is wide.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.scroll} role="group" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
  input: ({ checked }) => (
    <span role="img" aria-label={checked ? "Done" : "To do"} className={styles.check}>
      {checked ? "☑" : "☐"}
    </span>
  ),
};

/** What leads elsewhere in the app, or into files, is text: a model cannot know where that is. */
function Outside({ href, children }: { href: string | undefined; children: ReactNode }) {
  if (use(InLink) || !href || !OUTSIDE.test(href)) return children;
  return (
    <InLink value>
      <a href={href} target="_blank" rel="noopener noreferrer">
        {children}
      </a>
    </InLink>
  );
}

/** A picture of somebody else's server would tell it that this is read: its address is shown. */
function Picture({ src, alt }: { src: ComponentProps<"img">["src"]; alt: string | undefined }) {
  const address = typeof src === "string" ? src : "";
  if (isOwnPicture(address)) return <img src={address} alt={alt ?? ""} className={styles.picture} />;
  if (!address) return alt ?? "";
  return (
    <>
      {alt && `${alt}: `}
      <Outside href={address}>{address}</Outside>
    </>
  );
}

function Code({ className, children }: { className: string | undefined; children: ReactNode }) {
  const text = typeof children === "string" ? children : "";
  const language = /language-(\S+)/.exec(className ?? "")?.[1];
  if (language === undefined && !text.includes("\n")) return <code className={styles.code}>{children}</code>;
  return <CodeBlock code={text.replace(/\n$/, "")} {...(language ? { language } : {})} />;
}

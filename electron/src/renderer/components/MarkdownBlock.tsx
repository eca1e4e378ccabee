/** One block of Markdown as elements: no HTML of its own, no picture from elsewhere, links lead outside. */
import type { ComponentProps, ReactNode } from "react";
import ReactMarkdown, { type Components, type Options } from "react-markdown";
import remarkGfm from "remark-gfm";
import { CodeBlock } from "./CodeBlock";
import styles from "./Markdown.module.css";

const PLUGINS: Options["remarkPlugins"] = [remarkGfm];
const OUTSIDE = /^(https?:|mailto:)/i;

interface BlockProps {
  text: string;
  remarkPlugins?: Options["remarkPlugins"];
  rehypePlugins?: Options["rehypePlugins"];
}

export function MarkdownBlock({ text, remarkPlugins, rehypePlugins }: BlockProps) {
  return (
    <ReactMarkdown
      components={COMPONENTS}
      remarkPlugins={[...(PLUGINS ?? []), ...(remarkPlugins ?? [])]}
      rehypePlugins={rehypePlugins ?? []}
      skipHtml
    >
      {text}
    </ReactMarkdown>
  );
}

// Headings stand below those of the view.
const COMPONENTS: Components = {
  h1: ({ children }) => <h3 className={styles.first}>{children}</h3>,
  h2: ({ children }) => <h3>{children}</h3>,
  h3: ({ children }) => <h4>{children}</h4>,
  h4: ({ children }) => <h5>{children}</h5>,
  h5: ({ children }) => <h6>{children}</h6>,
  a: ({ href, children }) => <Outside href={href}>{children}</Outside>,
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

function Outside({ href, children }: { href: string | undefined; children: ReactNode }) {
  if (!href || !OUTSIDE.test(href)) return children;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** A picture of somebody else's server would tell it that this is read. */
function Picture({ src, alt }: { src: ComponentProps<"img">["src"]; alt: string | undefined }) {
  const address = typeof src === "string" ? src : "";
  if (address.startsWith("data:image/")) return <img src={address} alt={alt ?? ""} />;
  return <Outside href={address}>{[alt, address, "Picture"].find(Boolean)}</Outside>;
}

function Code({ className, children }: { className: string | undefined; children: ReactNode }) {
  const text = typeof children === "string" ? children : "";
  const language = /language-(\S+)/.exec(className ?? "")?.[1];
  if (language === undefined && !text.includes("\n")) return <code className={styles.code}>{children}</code>;
  return <CodeBlock code={text.replace(/\n$/, "")} {...(language ? { language } : {})} />;
}

/** What a wrong address shows. */
import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { useTitle } from "@/components/Page";
import { Empty } from "@/components/States";

export function NotFound() {
  useTitle("Not found");
  return (
    <Empty
      icon={<Compass />}
      level={1}
      title="There is nothing here"
      action={<Link to="/">Begin a new task</Link>}
    >
      The link is wrong, or what it led to is gone.
    </Empty>
  );
}

"""The agent's tools."""

from collections.abc import Mapping
from typing import Any

from cowork_desktop.agent.tools import (
    ask_user,
    create_artifact,
    describe_connection,
    fetch_page,
    forget,
    http_request,
    list_files,
    list_memories,
    list_schedules,
    publish_scratchpad,
    read_artifact,
    read_file,
    read_output,
    remember,
    run_code,
    run_query,
    save_schedule,
    search_conversation,
    search_files,
    send_email,
    sql_query,
    start_task,
    update_artifact,
    use_skill,
    write_file,
)
from cowork_desktop.agent.tools.tool import Tool

TOOLS: Mapping[str, Tool[Any]] = {
    module.TOOL.name: module.TOOL
    for module in (
        list_files,
        read_file,
        search_files,
        write_file,
        run_code,
        read_output,
        create_artifact,
        read_artifact,
        update_artifact,
        publish_scratchpad,
        remember,
        list_memories,
        forget,
        use_skill,
        fetch_page,
        search_conversation,
        list_schedules,
        save_schedule,
        describe_connection,
        sql_query,
        run_query,
        http_request,
        send_email,
        start_task,
        ask_user,
    )
}
"""By their names, in the order in which the model gets them; it stays, so that providers can cache them."""

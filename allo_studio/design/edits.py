"""Every edit of a project, by name. An edit is a value with `apply(project) -> Project` and `describe() -> str`."""

from __future__ import annotations

from allo_studio.design.edit_base import Edit
from allo_studio.design.edit_graph import (
    AddNode,
    Connect,
    Disconnect,
    MoveNodes,
    RemoveNodes,
    RenameNode,
    Reroute,
    SetChannel,
    SetParam,
)
from allo_studio.design.edit_instance import SetGraphParam, SetInside
from allo_studio.design.edit_project import (
    AddGraph,
    AddGraphPort,
    RemoveGraph,
    RemoveGraphPort,
    RenameGraph,
    ReplaceProject,
    SetExecution,
    SetGraphPortType,
    SetTarget,
    SetTop,
    SetUnify,
    graph_users,
)
from allo_studio.design.edit_schedule import (
    AddSchedule,
    AddStep,
    ForkSchedule,
    MoveStep,
    RemoveSchedule,
    RemoveStep,
    ReplaceStep,
    SetSchedule,
    TruncateSteps,
    schedule_users,
)
from allo_studio.design.names import fresh_name

__all__ = [
    "AddGraph",
    "AddGraphPort",
    "AddNode",
    "AddSchedule",
    "AddStep",
    "Connect",
    "Disconnect",
    "Edit",
    "ForkSchedule",
    "MoveNodes",
    "MoveStep",
    "RemoveGraph",
    "RemoveGraphPort",
    "RemoveNodes",
    "RemoveSchedule",
    "RemoveStep",
    "RenameGraph",
    "RenameNode",
    "ReplaceProject",
    "ReplaceStep",
    "Reroute",
    "SetChannel",
    "SetExecution",
    "SetGraphParam",
    "SetGraphPortType",
    "SetInside",
    "SetParam",
    "SetSchedule",
    "SetTarget",
    "SetTop",
    "SetUnify",
    "TruncateSteps",
    "fresh_name",
    "graph_users",
    "schedule_users",
]

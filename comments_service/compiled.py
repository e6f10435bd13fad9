"""Statements that each submission or each read carries out: compiled once, then given to the driver itself.

SQLAlchemy Core writes them and knows the types of their columns. What it does around each execution (its cache's keys,
contexts, what the cursor tells of its columns) costs several times what SQLite needs for such a statement.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, NoReturn, cast

import sqlalchemy as sa
from sqlalchemy.engine import result_tuple
from sqlalchemy.sql.compiler import SQLCompiler

from .extensions import connection

Values = Mapping[str, Any]
Row = tuple[Any, ...]
Process = Callable[[Any], Any]


class Compiled:
    """`statement`, carried out on the connection that is worked on just now; it raises what SQLAlchemy raises.

    Its values come by the names of its parameters; none of them is a list of any length. An insert fills `columns`.
    """

    def __init__(
        self,
        statement: sa.Select[Any] | sa.CompoundSelect[Any] | sa.Insert | sa.Update,
        columns: Sequence[str] | None = None,
    ) -> None:
        self._statement = statement
        self._columns = columns
        self._forms: dict[str, _Form] = {}  # by dialect

    def first(self, values: Values) -> Any:
        """The first row, its columns by name; None when there is none."""
        form, rows = self._found(values)
        return form.made(rows[0]) if rows else None

    def scalar(self, values: Values) -> Any:
        """The first column of the first row; None when there is none."""
        found = self.first(values)
        return None if found is None else found[0]

    def all(self, values: Values) -> list[Any]:
        """The rows, their columns by name."""
        form, rows = self._found(values)
        return [form.made(row) for row in rows]

    def plain(self, values: Values) -> Sequence[Row]:
        """The rows as the driver gives them."""
        return self._found(values)[1]

    def run(self, values: Values) -> int:
        """Write; how many rows were written."""
        working = connection()
        form = self._form(working.dialect)
        return cast(int, command(working, form.text, form.arguments(values)).rowcount)

    def _found(self, values: Values) -> "tuple[_Form, list[Row]]":
        working = connection()
        form = self._form(working.dialect)
        cursor = command(working, form.text, form.arguments(values))
        try:
            return form, cursor.fetchall()
        except working.dialect.loaded_dbapi.Error as error:
            _refuse(working, form.text, error)

    def _form(self, dialect: sa.Dialect) -> "_Form":
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _form(self._statement, self._columns, dialect)
        return form


def command(working: sa.Connection, text: str, arguments: Any = ()) -> Any:
    """The driver's cursor that has carried out `text`; raises what SQLAlchemy raises."""
    try:
        cursor = working.connection.cursor()
        cursor.execute(text, arguments)
    except working.dialect.loaded_dbapi.Error as error:
        _refuse(working, text, error)
    return cursor


class _Form(NamedTuple):
    """A statement in the words of a dialect, and what its values become on the way in and out."""

    text: str
    constants: Values
    into: Sequence[tuple[str, Process]]
    arguments_of: Process  # what the driver takes, of all values by name
    row: Callable[[Iterable[Any]], Any]
    out_of: Sequence[tuple[int, Process]]

    def arguments(self, values: Values) -> Any:
        known = {**self.constants, **values}
        for name, process in self.into:
            known[name] = process(known[name])
        return self.arguments_of(known)

    def made(self, row: Row) -> Any:
        values = list(row)
        for place, process in self.out_of:
            values[place] = process(values[place])
        return self.row(values)


def _form(statement: Any, filled: Sequence[str] | None, dialect: sa.Dialect) -> _Form:
    compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=filled)
    binds = compiled.binds
    into = {name: process for name, bind in binds.items() if (process := _type(bind, dialect).bind_processor(dialect))}
    given = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
    constants = {name: into.pop(name)(value) if name in into else value for name, value in given.items()}
    columns = list(getattr(statement, "selected_columns", ()))
    out_of = [
        (place, process)
        for place, column in enumerate(columns)
        if (process := _type(column, dialect).result_processor(dialect, None))
    ]
    row = result_tuple([str(column.key) for column in columns])
    return _Form(str(compiled), constants, [*into.items()], _arguments_of(compiled), row, out_of)


def _type(element: Any, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
    return cast("sa.types.TypeEngine[Any]", element.type.dialect_impl(dialect))


def _arguments_of(compiled: SQLCompiler) -> Process:
    if not compiled.positional:
        return lambda known: known
    places = compiled.positiontup or []
    return itemgetter(*places) if len(places) > 1 else lambda known: [known[name] for name in places]


def _refuse(working: sa.Connection, text: str, error: Any) -> NoReturn:
    """Raise what SQLAlchemy makes of `error`, without what people typed; a connection that was lost is let go."""
    dialect = working.dialect
    lost = dialect.is_disconnect(error, working.connection.dbapi_connection, None)
    if lost:
        working.invalidate(error)
    raise sa.exc.DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    ) from error

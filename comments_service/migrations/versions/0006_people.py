"""Give people a role on each site, mark the administrators, who were those without any site, and let owners invite."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _add("moderator", _everywhere())
    _add("api_token", _role(), _everywhere())
    _add("site_moderator", _role())
    op.create_index(op.f("ix_site_moderator_moderator_id"), "site_moderator", ["moderator_id"])
    # Whoever had no site had all of them; from now on he has what is written, so it has to be written.
    op.execute("UPDATE moderator SET everywhere = true WHERE id NOT IN (SELECT moderator_id FROM site_moderator)")
    op.execute("UPDATE api_token SET everywhere = true WHERE CAST(sites AS TEXT) = '[]'")
    _invitations()
    _second_step()
    _passkeys()


def _invitations() -> None:
    op.create_table(
        "invitation",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("address_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_invitation_site")),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("site_id", "address_key", name=op.f("uq_invitation_site_id_address_key")),
    )


def _second_step() -> None:
    op.add_column("session", sa.Column("awaits_code", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "second_step",
        sa.Column("moderator_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"], name=op.f("fk_second_step_moderator")),
        sa.PrimaryKeyConstraint("moderator_id", name=op.f("pk_second_step")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("moderator_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"], name=op.f("fk_recovery_code_moderator")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_moderator_id"), "recovery_code", ["moderator_id"])


def _passkeys() -> None:
    op.create_table(
        "passkey",
        sa.Column("id", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("moderator_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"], name=op.f("fk_passkey_moderator")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
    )
    op.create_index(op.f("ix_passkey_moderator_id"), "passkey", ["moderator_id"])
    op.create_table(
        "spent_challenge",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spent_challenge")),
    )
    op.create_index(op.f("ix_spent_challenge_spent_at"), "spent_challenge", ["spent_at"])


def _add(table: str, *columns: sa.Column[object]) -> None:
    for column in columns:
        op.add_column(table, column)


def _role() -> sa.Column[object]:
    return sa.Column("role", sa.String(length=20), nullable=False, server_default="moderator")


def _everywhere() -> sa.Column[object]:
    return sa.Column("everywhere", sa.Boolean(), nullable=False, server_default=sa.false())

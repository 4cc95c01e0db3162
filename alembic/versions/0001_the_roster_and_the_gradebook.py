"""The roster and the gradebook."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The types as this migration made them; `models.base` may move on.
SOURCED_ID = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.String(24).with_variant(sa.DateTime(timezone=True), "postgresql")


# Each table before those that it refers to.
TABLES = (
    "result_score_scales",
    "result_learning_objective_ids",
    "assessment_results",
    "results",
    "line_item_score_scales",
    "line_item_learning_objective_ids",
    "assessment_line_items",
    "user_resources",
    "score_scales",
    "roles",
    "line_items",
    "enrollments",
    "class_terms",
    "class_resources",
    "user_profiles",
    "user_agents",
    "course_resources",
    "classes",
    "users",
    "courses",
    "resources",
    "orgs",
    "demographics",
    "categories",
    "api_clients",
    "academic_sessions",
)


def upgrade() -> None:
    op.create_table(
        "academic_sessions",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("parent_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("school_year", TEXT, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_academic_sessions_status_known")),
        sa.CheckConstraint(
            "type IN ('gradingPeriod', 'schoolYear', 'semester', 'term') OR substr(type, 1, 4) = 'ext:'",
            name=op.f("ck_academic_sessions_type_known"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_sourced_id"],
            ["academic_sessions.sourced_id"],
            name=op.f("fk_academic_sessions_parent_sourced_id"),
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_academic_sessions")),
    )
    op.create_index(
        op.f("ix_academic_sessions_date_last_modified_sourced_id"),
        "academic_sessions",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_academic_sessions_parent_sourced_id"),
        "academic_sessions",
        ["parent_sourced_id"],
        unique=False,
    )

    op.create_table(
        "api_clients",
        sa.Column("client_id", SOURCED_ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("secret_sha256", TEXT, nullable=False),
        sa.Column("scopes", DOCUMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_api_clients")),
    )
    op.create_table(
        "categories",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_categories_status_known")),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_categories")),
    )
    op.create_index(
        op.f("ix_categories_date_last_modified_sourced_id"),
        "categories",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )

    op.create_table(
        "demographics",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("sex", TEXT, nullable=True),
        sa.Column("american_indian_or_alaska_native", sa.Boolean(), nullable=True),
        sa.Column("asian", sa.Boolean(), nullable=True),
        sa.Column("black_or_african_american", sa.Boolean(), nullable=True),
        sa.Column("native_hawaiian_or_other_pacific_islander", sa.Boolean(), nullable=True),
        sa.Column("white", sa.Boolean(), nullable=True),
        sa.Column("demographic_race_two_or_more_races", sa.Boolean(), nullable=True),
        sa.Column("hispanic_or_latino_ethnicity", sa.Boolean(), nullable=True),
        sa.Column("country_of_birth_code", TEXT, nullable=True),
        sa.Column("state_of_birth_abbreviation", TEXT, nullable=True),
        sa.Column("city_of_birth", TEXT, nullable=True),
        sa.Column("public_school_residence_status", TEXT, nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint(
            "sex IN ('male', 'female', 'unspecified', 'other') OR substr(sex, 1, 4) = 'ext:'",
            name=op.f("ck_demographics_sex_known"),
        ),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_demographics_status_known")),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_demographics")),
    )
    op.create_index(
        op.f("ix_demographics_date_last_modified_sourced_id"),
        "demographics",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )

    op.create_table(
        "orgs",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("identifier", TEXT, nullable=True),
        sa.Column("parent_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_orgs_status_known")),
        sa.CheckConstraint(
            "type IN ('department', 'district', 'local', 'national', 'school', 'state') OR substr(type, 1, 4) = 'ext:'",
            name=op.f("ck_orgs_type_known"),
        ),
        sa.ForeignKeyConstraint(["parent_sourced_id"], ["orgs.sourced_id"], name=op.f("fk_orgs_parent_sourced_id")),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_orgs")),
    )
    op.create_index(
        op.f("ix_orgs_date_last_modified_sourced_id"),
        "orgs",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_orgs_parent_sourced_id"), "orgs", ["parent_sourced_id"], unique=False)

    op.create_table(
        "resources",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("vendor_resource_id", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=True),
        sa.Column("roles", DOCUMENT, nullable=True),
        sa.Column("importance", TEXT, nullable=True),
        sa.Column("vendor_id", TEXT, nullable=True),
        sa.Column("application_id", TEXT, nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("importance IN ('primary', 'secondary')", name=op.f("ck_resources_importance_known")),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_resources_status_known")),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_resources")),
    )
    op.create_index(
        op.f("ix_resources_date_last_modified_sourced_id"),
        "resources",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )

    op.create_table(
        "courses",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("school_year_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("course_code", TEXT, nullable=True),
        sa.Column("grades", DOCUMENT, nullable=True),
        sa.Column("org_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("subjects", DOCUMENT, nullable=True),
        sa.Column("subject_codes", DOCUMENT, nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_courses_status_known")),
        sa.ForeignKeyConstraint(["org_sourced_id"], ["orgs.sourced_id"], name=op.f("fk_courses_org_sourced_id")),
        sa.ForeignKeyConstraint(
            ["school_year_sourced_id"],
            ["academic_sessions.sourced_id"],
            name=op.f("fk_courses_school_year_sourced_id"),
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_courses")),
    )
    op.create_index(
        op.f("ix_courses_date_last_modified_sourced_id"),
        "courses",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_courses_org_sourced_id"), "courses", ["org_sourced_id"], unique=False)
    op.create_index(op.f("ix_courses_school_year_sourced_id"), "courses", ["school_year_sourced_id"], unique=False)

    op.create_table(
        "users",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("enabled_user", sa.Boolean(), nullable=False),
        sa.Column("username", TEXT, nullable=True),
        sa.Column("user_ids", DOCUMENT, nullable=True),
        sa.Column("given_name", TEXT, nullable=False),
        sa.Column("family_name", TEXT, nullable=False),
        sa.Column("middle_name", TEXT, nullable=True),
        sa.Column("identifier", TEXT, nullable=True),
        sa.Column("email", TEXT, nullable=True),
        sa.Column("sms", TEXT, nullable=True),
        sa.Column("phone", TEXT, nullable=True),
        sa.Column("grades", DOCUMENT, nullable=True),
        sa.Column("user_master_identifier", TEXT, nullable=True),
        sa.Column("preferred_given_name", TEXT, nullable=True),
        sa.Column("preferred_middle_name", TEXT, nullable=True),
        sa.Column("preferred_family_name", TEXT, nullable=True),
        sa.Column("primary_org_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("pronouns", TEXT, nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_users_status_known")),
        sa.ForeignKeyConstraint(
            ["primary_org_sourced_id"], ["orgs.sourced_id"], name=op.f("fk_users_primary_org_sourced_id")
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_users")),
    )
    op.create_index(
        op.f("ix_users_date_last_modified_sourced_id"),
        "users",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_users_primary_org_sourced_id"), "users", ["primary_org_sourced_id"], unique=False)

    op.create_table(
        "classes",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("grades", DOCUMENT, nullable=True),
        sa.Column("course_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("class_code", TEXT, nullable=True),
        sa.Column("class_type", TEXT, nullable=True),
        sa.Column("location", TEXT, nullable=True),
        sa.Column("school_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("subjects", DOCUMENT, nullable=True),
        sa.Column("subject_codes", DOCUMENT, nullable=True),
        sa.Column("periods", DOCUMENT, nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint(
            "class_type IN ('homeroom', 'scheduled') OR substr(class_type, 1, 4) = 'ext:'",
            name=op.f("ck_classes_class_type_known"),
        ),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_classes_status_known")),
        sa.ForeignKeyConstraint(
            ["course_sourced_id"], ["courses.sourced_id"], name=op.f("fk_classes_course_sourced_id")
        ),
        sa.ForeignKeyConstraint(["school_sourced_id"], ["orgs.sourced_id"], name=op.f("fk_classes_school_sourced_id")),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_classes")),
    )
    op.create_index(op.f("ix_classes_course_sourced_id"), "classes", ["course_sourced_id"], unique=False)
    op.create_index(
        op.f("ix_classes_date_last_modified_sourced_id"),
        "classes",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_classes_school_sourced_id"), "classes", ["school_sourced_id"], unique=False)

    op.create_table(
        "course_resources",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("title", TEXT, nullable=True),
        sa.Column("course_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("resource_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_course_resources_status_known")),
        sa.ForeignKeyConstraint(
            ["course_sourced_id"], ["courses.sourced_id"], name=op.f("fk_course_resources_course_sourced_id")
        ),
        sa.ForeignKeyConstraint(
            ["resource_sourced_id"],
            ["resources.sourced_id"],
            name=op.f("fk_course_resources_resource_sourced_id"),
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_course_resources")),
    )
    op.create_index(
        op.f("ix_course_resources_course_sourced_id"), "course_resources", ["course_sourced_id"], unique=False
    )
    op.create_index(
        op.f("ix_course_resources_date_last_modified_sourced_id"),
        "course_resources",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_course_resources_resource_sourced_id"),
        "course_resources",
        ["resource_sourced_id"],
        unique=False,
    )

    op.create_table(
        "user_agents",
        sa.Column("user_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("agent_sourced_id", SOURCED_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_sourced_id"], ["users.sourced_id"], name=op.f("fk_user_agents_agent_sourced_id")
        ),
        sa.ForeignKeyConstraint(["user_sourced_id"], ["users.sourced_id"], name=op.f("fk_user_agents_user_sourced_id")),
        sa.PrimaryKeyConstraint("user_sourced_id", "agent_sourced_id", name=op.f("pk_user_agents")),
    )
    op.create_index(op.f("ix_user_agents_agent_sourced_id"), "user_agents", ["agent_sourced_id"], unique=False)

    op.create_table(
        "user_profiles",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("user_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("profile_type", TEXT, nullable=False),
        sa.Column("vendor_id", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=True),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("credential_type", TEXT, nullable=True),
        sa.Column("username", TEXT, nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_user_profiles_status_known")),
        sa.ForeignKeyConstraint(
            ["user_sourced_id"], ["users.sourced_id"], name=op.f("fk_user_profiles_user_sourced_id")
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_user_profiles")),
    )
    op.create_index(
        op.f("ix_user_profiles_date_last_modified_sourced_id"),
        "user_profiles",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_user_profiles_user_sourced_id"), "user_profiles", ["user_sourced_id"], unique=False)

    op.create_table(
        "class_resources",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("title", TEXT, nullable=True),
        sa.Column("class_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("resource_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_class_resources_status_known")),
        sa.ForeignKeyConstraint(
            ["class_sourced_id"], ["classes.sourced_id"], name=op.f("fk_class_resources_class_sourced_id")
        ),
        sa.ForeignKeyConstraint(
            ["resource_sourced_id"],
            ["resources.sourced_id"],
            name=op.f("fk_class_resources_resource_sourced_id"),
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_class_resources")),
    )
    op.create_index(op.f("ix_class_resources_class_sourced_id"), "class_resources", ["class_sourced_id"], unique=False)
    op.create_index(
        op.f("ix_class_resources_date_last_modified_sourced_id"),
        "class_resources",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_class_resources_resource_sourced_id"),
        "class_resources",
        ["resource_sourced_id"],
        unique=False,
    )

    op.create_table(
        "class_terms",
        sa.Column("class_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("term_sourced_id", SOURCED_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["class_sourced_id"], ["classes.sourced_id"], name=op.f("fk_class_terms_class_sourced_id")
        ),
        sa.ForeignKeyConstraint(
            ["term_sourced_id"], ["academic_sessions.sourced_id"], name=op.f("fk_class_terms_term_sourced_id")
        ),
        sa.PrimaryKeyConstraint("class_sourced_id", "term_sourced_id", name=op.f("pk_class_terms")),
    )
    op.create_index(op.f("ix_class_terms_term_sourced_id"), "class_terms", ["term_sourced_id"], unique=False)

    op.create_table(
        "enrollments",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("class_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("school_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("user_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("primary", sa.Boolean(), nullable=True),
        sa.Column("begin_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint(
            "role IN ('administrator', 'proctor', 'student', 'teacher') OR substr(role, 1, 4) = 'ext:'",
            name=op.f("ck_enrollments_role_known"),
        ),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_enrollments_status_known")),
        sa.ForeignKeyConstraint(
            ["class_sourced_id"], ["classes.sourced_id"], name=op.f("fk_enrollments_class_sourced_id")
        ),
        sa.ForeignKeyConstraint(
            ["school_sourced_id"], ["orgs.sourced_id"], name=op.f("fk_enrollments_school_sourced_id")
        ),
        sa.ForeignKeyConstraint(["user_sourced_id"], ["users.sourced_id"], name=op.f("fk_enrollments_user_sourced_id")),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_enrollments")),
    )
    op.create_index(op.f("ix_enrollments_class_sourced_id"), "enrollments", ["class_sourced_id"], unique=False)
    op.create_index(
        op.f("ix_enrollments_date_last_modified_sourced_id"),
        "enrollments",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_enrollments_school_sourced_id"), "enrollments", ["school_sourced_id"], unique=False)
    op.create_index(op.f("ix_enrollments_user_sourced_id"), "enrollments", ["user_sourced_id"], unique=False)

    op.create_table(
        "line_items",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("assign_date", MOMENT, nullable=False),
        sa.Column("due_date", MOMENT, nullable=False),
        sa.Column("class_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("category_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("academic_session_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("result_value_min", sa.Double(), nullable=True),
        sa.Column("result_value_max", sa.Double(), nullable=True),
        sa.Column("school_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_line_items_status_known")),
        sa.ForeignKeyConstraint(
            ["academic_session_sourced_id"],
            ["academic_sessions.sourced_id"],
            name=op.f("fk_line_items_academic_session_sourced_id"),
        ),
        sa.ForeignKeyConstraint(
            ["category_sourced_id"], ["categories.sourced_id"], name=op.f("fk_line_items_category_sourced_id")
        ),
        sa.ForeignKeyConstraint(
            ["class_sourced_id"], ["classes.sourced_id"], name=op.f("fk_line_items_class_sourced_id")
        ),
        sa.ForeignKeyConstraint(
            ["school_sourced_id"], ["orgs.sourced_id"], name=op.f("fk_line_items_school_sourced_id")
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_line_items")),
    )
    op.create_index(
        op.f("ix_line_items_academic_session_sourced_id"),
        "line_items",
        ["academic_session_sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_line_items_category_sourced_id"), "line_items", ["category_sourced_id"], unique=False)
    op.create_index(op.f("ix_line_items_class_sourced_id"), "line_items", ["class_sourced_id"], unique=False)
    op.create_index(
        op.f("ix_line_items_date_last_modified_sourced_id"),
        "line_items",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_line_items_school_sourced_id"), "line_items", ["school_sourced_id"], unique=False)

    op.create_table(
        "roles",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("user_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("role_type", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("begin_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("org_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("user_profile_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint(
            "role IN ('aide', 'counselor', 'districtAdministrator', 'guardian', 'parent', 'principal', 'proctor', 'relative', 'siteAdministrator', 'student', 'systemAdministrator', 'teacher') OR substr(role, 1, 4) = 'ext:'",
            name=op.f("ck_roles_role_known"),
        ),
        sa.CheckConstraint("role_type IN ('primary', 'secondary')", name=op.f("ck_roles_role_type_known")),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_roles_status_known")),
        sa.ForeignKeyConstraint(["org_sourced_id"], ["orgs.sourced_id"], name=op.f("fk_roles_org_sourced_id")),
        sa.ForeignKeyConstraint(
            ["user_profile_sourced_id"],
            ["user_profiles.sourced_id"],
            name=op.f("fk_roles_user_profile_sourced_id"),
        ),
        sa.ForeignKeyConstraint(["user_sourced_id"], ["users.sourced_id"], name=op.f("fk_roles_user_sourced_id")),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_roles")),
    )
    op.create_index(
        op.f("ix_roles_date_last_modified_sourced_id"),
        "roles",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_roles_org_sourced_id"), "roles", ["org_sourced_id"], unique=False)
    op.create_index(op.f("ix_roles_user_profile_sourced_id"), "roles", ["user_profile_sourced_id"], unique=False)
    op.create_index(op.f("ix_roles_user_sourced_id"), "roles", ["user_sourced_id"], unique=False)

    op.create_table(
        "score_scales",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("org_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("course_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("class_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("score_scale_value", DOCUMENT, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_score_scales_status_known")),
        sa.ForeignKeyConstraint(
            ["class_sourced_id"], ["classes.sourced_id"], name=op.f("fk_score_scales_class_sourced_id")
        ),
        sa.ForeignKeyConstraint(
            ["course_sourced_id"], ["courses.sourced_id"], name=op.f("fk_score_scales_course_sourced_id")
        ),
        sa.ForeignKeyConstraint(["org_sourced_id"], ["orgs.sourced_id"], name=op.f("fk_score_scales_org_sourced_id")),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_score_scales")),
    )
    op.create_index(op.f("ix_score_scales_class_sourced_id"), "score_scales", ["class_sourced_id"], unique=False)
    op.create_index(op.f("ix_score_scales_course_sourced_id"), "score_scales", ["course_sourced_id"], unique=False)
    op.create_index(
        op.f("ix_score_scales_date_last_modified_sourced_id"),
        "score_scales",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_score_scales_org_sourced_id"), "score_scales", ["org_sourced_id"], unique=False)

    op.create_table(
        "user_resources",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("user_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("org_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("class_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("resource_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_user_resources_status_known")),
        sa.ForeignKeyConstraint(
            ["class_sourced_id"], ["classes.sourced_id"], name=op.f("fk_user_resources_class_sourced_id")
        ),
        sa.ForeignKeyConstraint(["org_sourced_id"], ["orgs.sourced_id"], name=op.f("fk_user_resources_org_sourced_id")),
        sa.ForeignKeyConstraint(
            ["resource_sourced_id"],
            ["resources.sourced_id"],
            name=op.f("fk_user_resources_resource_sourced_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_sourced_id"], ["users.sourced_id"], name=op.f("fk_user_resources_user_sourced_id")
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_user_resources")),
    )
    op.create_index(op.f("ix_user_resources_class_sourced_id"), "user_resources", ["class_sourced_id"], unique=False)
    op.create_index(
        op.f("ix_user_resources_date_last_modified_sourced_id"),
        "user_resources",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_user_resources_org_sourced_id"), "user_resources", ["org_sourced_id"], unique=False)
    op.create_index(
        op.f("ix_user_resources_resource_sourced_id"), "user_resources", ["resource_sourced_id"], unique=False
    )
    op.create_index(op.f("ix_user_resources_user_sourced_id"), "user_resources", ["user_sourced_id"], unique=False)

    op.create_table(
        "assessment_line_items",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("class_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("parent_assessment_line_item_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("score_scale_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("result_value_min", sa.Double(), nullable=True),
        sa.Column("result_value_max", sa.Double(), nullable=True),
        sa.Column("learning_objective_set", DOCUMENT, nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_assessment_line_items_status_known")),
        sa.ForeignKeyConstraint(
            ["class_sourced_id"],
            ["classes.sourced_id"],
            name=op.f("fk_assessment_line_items_class_sourced_id"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_assessment_line_item_sourced_id"],
            ["assessment_line_items.sourced_id"],
            name=op.f("fk_assessment_line_items_parent_assessment_line_item_sourced_id"),
        ),
        sa.ForeignKeyConstraint(
            ["score_scale_sourced_id"],
            ["score_scales.sourced_id"],
            name=op.f("fk_assessment_line_items_score_scale_sourced_id"),
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_assessment_line_items")),
    )
    op.create_index(
        op.f("ix_assessment_line_items_class_sourced_id"),
        "assessment_line_items",
        ["class_sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessment_line_items_date_last_modified_sourced_id"),
        "assessment_line_items",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessment_line_items_parent_assessment_line_item_sourced_id"),
        "assessment_line_items",
        ["parent_assessment_line_item_sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessment_line_items_score_scale_sourced_id"),
        "assessment_line_items",
        ["score_scale_sourced_id"],
        unique=False,
    )

    op.create_table(
        "line_item_learning_objective_ids",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("line_item_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("learning_objective_id", TEXT, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint(
            "status IN ('active', 'tobedeleted')",
            name=op.f("ck_line_item_learning_objective_ids_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["line_item_sourced_id"],
            ["line_items.sourced_id"],
            name=op.f("fk_line_item_learning_objective_ids_line_item_sourced_id"),
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_line_item_learning_objective_ids")),
    )
    op.create_index(
        op.f("ix_line_item_learning_objective_ids_date_last_modified_sourced_id"),
        "line_item_learning_objective_ids",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_line_item_learning_objective_ids_line_item_sourced_id"),
        "line_item_learning_objective_ids",
        ["line_item_sourced_id"],
        unique=False,
    )

    op.create_table(
        "line_item_score_scales",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("title", TEXT, nullable=True),
        sa.Column("line_item_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("score_scale_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_line_item_score_scales_status_known")),
        sa.ForeignKeyConstraint(
            ["line_item_sourced_id"],
            ["line_items.sourced_id"],
            name=op.f("fk_line_item_score_scales_line_item_sourced_id"),
        ),
        sa.ForeignKeyConstraint(
            ["score_scale_sourced_id"],
            ["score_scales.sourced_id"],
            name=op.f("fk_line_item_score_scales_score_scale_sourced_id"),
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_line_item_score_scales")),
    )
    op.create_index(
        op.f("ix_line_item_score_scales_date_last_modified_sourced_id"),
        "line_item_score_scales",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_line_item_score_scales_line_item_sourced_id"),
        "line_item_score_scales",
        ["line_item_sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_line_item_score_scales_score_scale_sourced_id"),
        "line_item_score_scales",
        ["score_scale_sourced_id"],
        unique=False,
    )

    op.create_table(
        "results",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("line_item_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("student_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("score_status", TEXT, nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("score_date", sa.Date(), nullable=False),
        sa.Column("comment", TEXT, nullable=True),
        sa.Column("text_score", TEXT, nullable=True),
        sa.Column("class_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("in_progress", sa.Boolean(), nullable=True),
        sa.Column("incomplete", sa.Boolean(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=True),
        sa.Column("missing", sa.Boolean(), nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint(
            "score_status IN ('exempt', 'fully graded', 'not submitted', 'partially graded', 'submitted') OR substr(score_status, 1, 4) = 'ext:'",
            name=op.f("ck_results_score_status_known"),
        ),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_results_status_known")),
        sa.ForeignKeyConstraint(["class_sourced_id"], ["classes.sourced_id"], name=op.f("fk_results_class_sourced_id")),
        sa.ForeignKeyConstraint(
            ["line_item_sourced_id"], ["line_items.sourced_id"], name=op.f("fk_results_line_item_sourced_id")
        ),
        sa.ForeignKeyConstraint(
            ["student_sourced_id"], ["users.sourced_id"], name=op.f("fk_results_student_sourced_id")
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_results")),
    )
    op.create_index(op.f("ix_results_class_sourced_id"), "results", ["class_sourced_id"], unique=False)
    op.create_index(
        op.f("ix_results_date_last_modified_sourced_id"),
        "results",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(op.f("ix_results_line_item_sourced_id"), "results", ["line_item_sourced_id"], unique=False)
    op.create_index(op.f("ix_results_student_sourced_id"), "results", ["student_sourced_id"], unique=False)

    op.create_table(
        "assessment_results",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("assessment_line_item_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("student_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("text_score", TEXT, nullable=True),
        sa.Column("score_date", sa.Date(), nullable=False),
        sa.Column("score_scale_sourced_id", SOURCED_ID, nullable=True),
        sa.Column("score_percentile", sa.Double(), nullable=True),
        sa.Column("score_status", TEXT, nullable=False),
        sa.Column("comment", TEXT, nullable=True),
        sa.Column("learning_objective_set", DOCUMENT, nullable=True),
        sa.Column("in_progress", sa.Boolean(), nullable=True),
        sa.Column("incomplete", sa.Boolean(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=True),
        sa.Column("missing", sa.Boolean(), nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint(
            "score_status IN ('exempt', 'fully graded', 'not submitted', 'partially graded', 'submitted') OR substr(score_status, 1, 4) = 'ext:'",
            name=op.f("ck_assessment_results_score_status_known"),
        ),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_assessment_results_status_known")),
        sa.ForeignKeyConstraint(
            ["assessment_line_item_sourced_id"],
            ["assessment_line_items.sourced_id"],
            name=op.f("fk_assessment_results_assessment_line_item_sourced_id"),
        ),
        sa.ForeignKeyConstraint(
            ["score_scale_sourced_id"],
            ["score_scales.sourced_id"],
            name=op.f("fk_assessment_results_score_scale_sourced_id"),
        ),
        sa.ForeignKeyConstraint(
            ["student_sourced_id"],
            ["users.sourced_id"],
            name=op.f("fk_assessment_results_student_sourced_id"),
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_assessment_results")),
    )
    op.create_index(
        op.f("ix_assessment_results_assessment_line_item_sourced_id"),
        "assessment_results",
        ["assessment_line_item_sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessment_results_date_last_modified_sourced_id"),
        "assessment_results",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessment_results_score_scale_sourced_id"),
        "assessment_results",
        ["score_scale_sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assessment_results_student_sourced_id"),
        "assessment_results",
        ["student_sourced_id"],
        unique=False,
    )

    op.create_table(
        "result_learning_objective_ids",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("result_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("learning_objective_id", TEXT, nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("text_score", TEXT, nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint(
            "status IN ('active', 'tobedeleted')", name=op.f("ck_result_learning_objective_ids_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["result_sourced_id"],
            ["results.sourced_id"],
            name=op.f("fk_result_learning_objective_ids_result_sourced_id"),
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_result_learning_objective_ids")),
    )
    op.create_index(
        op.f("ix_result_learning_objective_ids_date_last_modified_sourced_id"),
        "result_learning_objective_ids",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_result_learning_objective_ids_result_sourced_id"),
        "result_learning_objective_ids",
        ["result_sourced_id"],
        unique=False,
    )

    op.create_table(
        "result_score_scales",
        sa.Column("sourced_id", SOURCED_ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("date_last_modified", MOMENT, nullable=False),
        sa.Column("title", TEXT, nullable=True),
        sa.Column("result_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("score_scale_sourced_id", SOURCED_ID, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=True),
        sa.CheckConstraint("status IN ('active', 'tobedeleted')", name=op.f("ck_result_score_scales_status_known")),
        sa.ForeignKeyConstraint(
            ["result_sourced_id"],
            ["results.sourced_id"],
            name=op.f("fk_result_score_scales_result_sourced_id"),
        ),
        sa.ForeignKeyConstraint(
            ["score_scale_sourced_id"],
            ["score_scales.sourced_id"],
            name=op.f("fk_result_score_scales_score_scale_sourced_id"),
        ),
        sa.PrimaryKeyConstraint("sourced_id", name=op.f("pk_result_score_scales")),
    )
    op.create_index(
        op.f("ix_result_score_scales_date_last_modified_sourced_id"),
        "result_score_scales",
        ["date_last_modified", "sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_result_score_scales_result_sourced_id"),
        "result_score_scales",
        ["result_sourced_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_result_score_scales_score_scale_sourced_id"),
        "result_score_scales",
        ["score_scale_sourced_id"],
        unique=False,
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)

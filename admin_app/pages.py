"""Every page of the panel, a line each, and the flask-admin shell that carries them in our own theme."""

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Theme

from admin_app.security import csp_nonce
from models.errors import N_
from views import account, departments, destruction, holds, jobs, retention, roles, shell, tasks, users, verification
from views.records import RecordsView

THEME = Theme(folder="dossier", base_template="panel.html")  # type: ignore[abstract]


def init_app(app: Flask) -> None:
    admin = Admin(
        app,
        name="Dossier",
        theme=THEME,
        index_view=shell.WorkView(name=N_("My work"), url="/admin", endpoint="work"),
        csp_nonce_generator=csp_nonce,
    )
    for view in (
        RecordsView(name=N_("Records"), url="r/<type_name>", endpoint="records"),
        tasks.TasksView(name=N_("Tasks"), url="/admin/tasks", endpoint="tasks"),
        verification.VerificationView(name=N_("Verification"), url="/admin/verification", endpoint="verification"),
        users.UsersView(name=N_("Users"), url="/admin/users", endpoint="users"),
        roles.RolesView(name=N_("Roles"), url="/admin/roles", endpoint="roles"),
        departments.DepartmentsView(name=N_("Departments"), url="/admin/departments", endpoint="departments"),
        destruction.DestructionView(name=N_("Destruction"), url="/admin/destruction", endpoint="destruction"),
        retention.RetentionView(name=N_("Retention"), url="/admin/retention", endpoint="retention"),
        holds.HoldsView(name=N_("Holds"), url="/admin/holds", endpoint="holds"),
        jobs.JobsView(name=N_("Jobs"), url="/admin/jobs", endpoint="jobs"),
        account.AccountView(name=N_("My account"), url="/account", endpoint="account"),
    ):
        admin.add_view(view)
    shell.init_app(app, admin)

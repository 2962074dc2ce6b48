from django.db import migrations
from django.db.models import Exists, Max, OuterRef, Subquery


def fill(apps, schema_editor) -> None:
    """Find what providers wrote after the last look of their cases' agents; a resolved case may open again."""
    Case, CaseLook, Message = (apps.get_model("cases", name) for name in ("Case", "CaseLook", "Message"))
    looks = CaseLook.objects.filter(
        case=OuterRef("case"), agent=OuterRef(OuterRef("assigned_agent")), looked_at__gte=OuterRef("created_at")
    )
    unseen = Message.objects.filter(~Exists(looks), case=OuterRef("pk"), kind="provider")
    newest = unseen.order_by().values("case").annotate(at=Max("created_at")).values("at")
    worked = Case.objects.filter(
        status__in=("new", "open", "awaiting", "resolved"), merged_into=None, assigned_agent__isnull=False
    )
    worked.filter(Exists(unseen)).update(answer_unseen_at=Subquery(newest))


class Migration(migrations.Migration):
    """By itself: what changes a table keeps everybody away from it until its transaction ends."""

    dependencies = [("cases", "0016_answers_unseen")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]

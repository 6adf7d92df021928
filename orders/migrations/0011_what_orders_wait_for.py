"""Due times say what they are for; orders that a restore has parked are named so."""

from datetime import UTC, datetime

from django.db import migrations, models

# Until when orders were parked before there was a name for it.
PARKED_UNTIL = datetime(9999, 12, 31, tzinfo=UTC)


def name_parked(apps, schema_editor):
    """Orders in `submitted` need nothing: a poller that is alive holds them again within seconds."""
    orders = apps.get_model("orders", "Order").objects.using(schema_editor.connection.alias)
    under_way = ["building", "pending", "routing", "submitted"]
    orders.filter(status__in=under_way, due_at__gte=PARKED_UNTIL).update(waits_for="parked")


class Migration(migrations.Migration):

    dependencies = [
        ("orders", "0010_what_nodes_say_to_sends"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="waits_for",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "A worker"),
                    ("retry", "Its next try"),
                    ("node", "A node that answers"),
                    ("parked", "Somebody to look at it: it has swapped by another record"),
                    ("set_apart", "Somebody to look at it: work on it kills workers"),
                ],
                db_default="",
                default="",
                max_length=9,
            ),
        ),
        migrations.RunPython(name_parked, migrations.RunPython.noop, elidable=True),
    ]

"""Opened answers are grouped as the queries are."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0005_intents_pins_weights_clicks'),
    ]

    operations = [
        migrations.AddField(
            model_name='searchclick',
            name='lemmas',
            field=models.CharField(db_index=True, default='', editable=False, max_length=200),
            preserve_default=False,
        ),
        migrations.RunSQL("update search_searchclick set lemmas = query", migrations.RunSQL.noop),
    ]

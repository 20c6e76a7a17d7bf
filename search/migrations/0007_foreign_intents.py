"""What is none of the portal's business is marked as such; until now it only led nowhere."""

from django.db import migrations, models

MARK = """
update search_intent set is_foreign = true
where not exists (select from search_intent_measures where intent_id = search_intent.id)
  and not exists (select from search_intent_situations where intent_id = search_intent.id)
  and not exists (select from search_intent_categories where intent_id = search_intent.id)
  and not exists (select from search_intent_providers where intent_id = search_intent.id)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0006_group_of_clicks'),
    ]

    operations = [
        migrations.AddField(
            model_name='intent',
            name='is_foreign',
            field=models.BooleanField(default=False, help_text='A question that the portal has nothing for: the family gets an honest “nothing found” and the ways out.', verbose_name='not ours'),
        ),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
    ]

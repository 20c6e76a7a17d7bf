import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake_forms', '0022_desk_rules'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='notice',
            options={'ordering': ['-changed_at'], 'verbose_name': 'message that leaves', 'verbose_name_plural': 'messages that leave'},
        ),
        migrations.AddField(
            model_name='notice',
            name='given_up',
            field=models.BooleanField(default=False, verbose_name='is not tried again'),
        ),
        migrations.AddField(
            model_name='notice',
            name='kind',
            field=models.CharField(default='news', max_length=20, verbose_name='what is told'),
        ),
        migrations.AddField(
            model_name='notice',
            name='made_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='made'),
        ),
        migrations.AddField(
            model_name='notice',
            name='occasion',
            field=models.CharField(blank=True, max_length=80, verbose_name='occasion'),
        ),
        migrations.AddField(
            model_name='notice',
            name='recipient',
            field=models.CharField(default='family', max_length=40, verbose_name='to whom'),
        ),
        migrations.AddField(
            model_name='notice',
            name='repeated',
            field=models.BooleanField(default=False, verbose_name='may have arrived twice'),
        ),
        migrations.AddField(
            model_name='notice',
            name='message_id',
            field=models.CharField(default='', editable=False, max_length=120),
            preserve_default=False,
        ),
        migrations.RunSQL(
            """
            update intake_forms_notice set
              message_id = '<' || replace(gen_random_uuid()::text, '-', '') || '@localhost>',
              way = case when way = '' then 'email' else way end,
              given_up = state = 'failed' and tries >= 6,
              made_at = changed_at;
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='notice',
            name='message_id',
            field=models.CharField(editable=False, max_length=120, unique=True),
        ),
        migrations.AlterField(
            model_name='notice',
            name='case',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='intake_forms.intakecase', verbose_name='case'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='event',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='intake_forms.caseevent', verbose_name='event'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='state',
            field=models.CharField(choices=[('waiting', 'is being sent'), ('sending', 'is leaving now'), ('sent', 'was sent'), ('failed', 'did not arrive'), ('refused', 'was not sent: the family does not wish it'), ('unknown', 'may have arrived: nobody knows')], default='waiting', max_length=8, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='way',
            field=models.CharField(max_length=5, verbose_name='way'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('state__in', ('failed', 'unknown'))), fields=['-changed_at'], name='notice_not_arrived'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('event', 'occasion', 'recipient', 'way'), name='notice_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('event__isnull', False), ('occasion', '')), models.Q(('event__isnull', True), models.Q(('occasion', ''), _negated=True)), _connector='OR'), name='notice_about_one_thing'),
        ),
    ]
